import * as z from "zod";
import { ingotRuntime } from "../declare.ts";

/** A file that the machine config names, as it was written. Id: its path. */
export const UserFileStatus = ingotRuntime(
  "UserFileStatuses",
  z.strictObject({
    operation: z.enum(["create", "overwrite", "append"]),
    /** In octal digits. */
    mode: z.string(),
    /** Of all of it; empty when it could not be written. */
    sha256: z.string(),
    errorMessage: z.string(),
  }),
  {
    aliases: ["files"],
    columns: { Operation: "{.operation}", Mode: "{.mode}", Error: "{.errorMessage}" },
  },
);
