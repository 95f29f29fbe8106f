import { z } from "zod";
import { declare } from "./declare.ts";

/** A bootable system: files that pxe-servers may fetch. Id: its name. */
export const Image = declare("Images", {
  aliases: ["image", "images"],
  columns: { version: "{.version}", architecture: "{.architecture}" },
  spec: z.strictObject({
    version: z.string(),
    architecture: z.enum(["x64", "arm64"]),
    /** The agent that waiting machines boot is an image too. */
    agent: z.boolean(),
    assets: z.array(
      z.strictObject({
        part: z.enum(["kernel", "initrd", "root", "loader"]),
        name: z.string(),
        sizeBytes: z.int().min(0),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    ),
  }),
});
