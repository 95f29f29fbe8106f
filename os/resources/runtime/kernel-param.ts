// Settings of the kernel. Id: `proc.sys.` and its name, or `sys.` and its name.
import * as z from "zod";
import { ingotRuntime, runtime } from "../declare.ts";

/** A setting as every node has it, unless its config says otherwise. */
export const KernelParamDefault = ingotRuntime(
  "KernelParamDefaults",
  z.strictObject({
    value: z.string(),
    /** What it was before us; undefined when this kernel has it not. */
    before: z.string().optional(),
  }),
);

/** A setting as it shall be. */
export const KernelParamSpec = runtime("KernelParamSpecs", z.strictObject({ value: z.string() }), {
  columns: { Value: "{.value}" },
});

/** A setting as the kernel has it. */
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
