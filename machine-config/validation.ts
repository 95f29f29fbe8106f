import { conflicts } from "./conflicts.ts";
import { nodeAt } from "./decode/decode.ts";
import { type Diagnostic, InvalidMachineConfig } from "./decode/diagnostic.ts";
import { unattendedInstallConfig } from "./documents/unattended-install-config.ts";
import type { MachineConfig } from "./machine-config.ts";
import { type Mode, v1alpha1Findings } from "./v1alpha1/rules.ts";

/** Everything that is wrong with a config as a whole, and everything that is merely unwise. */
export interface Findings {
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
}

/** Applies the rules that stand above the schema. `metal` asks for what an installation needs. */
export function validate(config: MachineConfig, mode: Mode): Findings {
  const errors: Diagnostic[] = [];
  const warnings: Diagnostic[] = [];
  // A document says how the machine is installed, instead of the first one.
  const asked = mode === "metal" && config.get(unattendedInstallConfig) ? "cloud" : mode;
  for (const { spec, yaml, declaration } of config.documents) {
    const locate = ([at, why]: readonly [string, string]): Diagnostic => {
      const node = nodeAt(yaml, at === "" ? [] : at.split("."));
      return { ...config.syntax.position(node), path: at, why };
    };
    const found = declaration
      ? { errors: declaration.faults(spec), warnings: [] }
      : v1alpha1Findings(spec, asked);
    errors.push(...found.errors.map(locate));
    warnings.push(...found.warnings.map(locate));
  }
  for (const { document, why } of conflicts(config.documents, config.v1alpha1?.machine)) {
    errors.push({ ...config.syntax.position(document.yaml.contents), path: "", why });
  }
  return { errors, warnings };
}

/** Throws InvalidMachineConfig unless the config keeps every rule. Returns the warnings. */
export function assertValid(config: MachineConfig, mode: Mode): readonly Diagnostic[] {
  const { errors, warnings } = validate(config, mode);
  if (errors.length > 0) throw new InvalidMachineConfig("accept", errors);
  return warnings;
}
