import type { ResourceOf } from "../../../cosi/resource.ts";
import { type MachineConfig as Config, parseMachineConfig } from "../../../machine-config/machine-config.ts";
import type { MachineConfig } from "../../resources/config/machine-config.ts";

let last: { readonly yaml: string; readonly config: Config } | undefined;

/** The config that the resource holds. A dozen controllers follow it: the text is read once for all of them. */
export function configIn({ spec: { yaml } }: ResourceOf<typeof MachineConfig>): Config {
  if (last?.yaml !== yaml) last = { yaml, config: parseMachineConfig(yaml) };
  return last.config;
}
