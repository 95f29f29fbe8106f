import { z } from "zod";
import { declare } from "./declare.ts";

/** An image of Ingot's own system that this provisioner serves. Id: the name by which profiles call it. */
export const Image = declare("Images", {
  aliases: ["image", "images"],
  columns: { release: "{.release}", profile: "{.profile}" },
  spec: z.strictObject({
    /** Of its kernel. */
    release: z.string(),
    /** For what machines it was built. */
    profile: z.string(),
    assets: z.array(
      z.strictObject({
        part: z.enum(["kernel", "initramfs"]),
        file: z.string(),
        sizeBytes: z.int().min(0),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    ),
  }),
});
