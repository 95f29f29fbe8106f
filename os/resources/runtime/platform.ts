import * as z from "zod";
import { runtime, talos } from "../declare.ts";

/** Where the machine stands. Id: `platformmetadata`. */
export const PlatformMetadata = talos("PlatformMetadatas", z.strictObject({ platform: z.string() }), {
  columns: { Platform: "{.platform}" },
});

/** A small value that outlives a reinstallation. Id: its tag, such as `0x0a`. */
export const MetaKey = runtime("MetaKeys", z.strictObject({ value: z.string() }), {
  aliases: ["meta"],
  columns: { Value: "{.value}" },
});

/** A volume that is mounted. Id: its name, such as `EPHEMERAL`. */
export const MountStatus = runtime(
  "MountStatuses",
  z.strictObject({
    source: z.string(),
    target: z.string(),
    filesystemType: z.string(),
    options: z.array(z.string()),
    encrypted: z.boolean(),
  }),
  {
    aliases: ["mounts"],
    columns: { Source: "{.source}", Target: "{.target}", "Filesystem Type": "{.filesystemType}" },
  },
);
