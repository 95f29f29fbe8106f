import { environmentConfig } from "../documents/environment-config.ts";
import type { MachineConfig } from "../machine-config.ts";

/** Variables for every service, such as those that name a proxy. The document wins over machine.env. */
export function environmentSettings(config: MachineConfig): Readonly<Record<string, string>> {
  return { ...config.v1alpha1?.machine?.env, ...config.get(environmentConfig)?.variables };
}
