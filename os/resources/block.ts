// Volumes, and the disk that the system is on.
import * as z from "zod";
import { block } from "./declare.ts";

/** Id: `system-disk`. Not there while the machine runs from memory. */
export const SystemDisk = block(
  "SystemDisks",
  z.strictObject({
    diskID: z.string(),
    devPath: z.string(),
    /** The slot that was booted; "" when the machine was booted by something else than its disk. */
    slot: z.enum(["", "a", "b"]),
  }),
  { columns: { Disk: "{.diskID}", Slot: "{.slot}" } },
);

/** Id: the volume's name, such as `EPHEMERAL`. */
export const VolumeStatus = block(
  "VolumeStatuses",
  z.strictObject({
    phase: z.enum(["ready", "failed"]),
    location: z.string(),
    mountLocation: z.string(),
    filesystem: z.string(),
    size: z.int(),
    errorMessage: z.string(),
  }),
  {
    aliases: ["vs"],
    columns: { Phase: "{.phase}", Location: "{.location}", Size: "{.size}", Filesystem: "{.filesystem}" },
  },
);
