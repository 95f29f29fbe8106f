import * as z from "zod";
import { block } from "../declare.ts";

/** Id: the kernel's name of this boot, such as `nvme0n1`. */
export const Disk = block(
  "Disks",
  z.strictObject({
    dev_path: z.string(),
    size: z.int(),
    pretty_size: z.string(),
    io_size: z.int(),
    sector_size: z.int(),
    readonly: z.boolean(),
    cdrom: z.boolean(),
    model: z.string(),
    serial: z.string(),
    wwid: z.string(),
    bus_path: z.string(),
    transport: z.string(),
    rotational: z.boolean(),
  }),
  {
    aliases: ["disks", "disk"],
    columns: {
      Size: "{.pretty_size}",
      "Read Only": "{.readonly}",
      Transport: "{.transport}",
      Rotational: "{.rotational}",
      Model: "{.model}",
      Serial: "{.serial}",
    },
  },
);
