import * as z from "zod";
import { runtime } from "../declare.ts";

/** A setting of the kernel below /proc/sys. Id: `proc.sys.` and its name. */
export const KernelParamStatus = runtime(
  "KernelParamStatuses",
  z.strictObject({
    current: z.string(),
    /** What it was before us. */
    default: z.string(),
    unsupported: z.boolean(),
  }),
  {
    aliases: ["sysctls", "kernelparameters"],
    columns: { Current: "{.current}", Default: "{.default}", Unsupported: "{.unsupported}" },
  },
);
