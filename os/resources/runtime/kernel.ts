import * as z from "zod";
import { runtime, talos } from "../declare.ts";

/** Id: `cmdline`. */
export const KernelCmdline = runtime("KernelCmdlines", z.strictObject({ cmdline: z.string() }), {
  aliases: ["cmdline"],
  columns: { Cmdline: "{.cmdline}" },
});

/** Id: the module's name. */
export const LoadedKernelModule = runtime(
  "LoadedKernelModules",
  z.strictObject({
    size: z.int(),
    referenceCount: z.int(),
    dependencies: z.array(z.string()),
    state: z.string(),
  }),
  { aliases: ["modules"], columns: { State: "{.state}", Size: "{.size}" } },
);

/** A module that shall be loaded. Id: its name. */
export const KernelModuleSpec = runtime(
  "KernelModuleSpecs",
  z.strictObject({ name: z.string(), parameters: z.array(z.string()) }),
  { columns: { Name: "{.name}", Parameters: "{.parameters}" } },
);

/** A server that shall be sent the kernel's messages. Id: its URL. */
export const KmsgLogSpec = runtime("KmsgLogConfigs", z.strictObject({ url: z.string() }), {
  columns: { Url: "{.url}" },
});

/** A layer of the image above its root. Id: its name. */
export const ExtensionStatus = runtime(
  "ExtensionStatuses",
  z.strictObject({
    metadata: z.strictObject({ name: z.string(), version: z.string(), description: z.string() }),
    /** What it was made of. */
    packages: z.array(z.strictObject({ name: z.string(), version: z.string() })),
  }),
  { aliases: ["extensions"], columns: { Name: "{.metadata.name}", Version: "{.metadata.version}" } },
);

/** How hard the node is to take over. Id: `securitystate`. */
export const SecurityState = talos(
  "SecurityStates",
  z.strictObject({
    secureBoot: z.boolean(),
    /** none, integrity or confidentiality. */
    lockdown: z.string(),
    moduleSignatureEnforced: z.boolean(),
    /** A sentence for each demand that is not met. */
    unmet: z.array(z.string()),
  }),
  { columns: { SecureBoot: "{.secureBoot}", Lockdown: "{.lockdown}", Unmet: "{.unmet}" } },
);
