import type { Document } from "yaml";
import { isSeq } from "yaml";
import { InvalidMachineConfig } from "../decode/diagnostic.ts";
import { parseYaml, plainYaml } from "../decode/syntax.ts";
import { configFromYaml, type MachineConfig } from "../machine-config.ts";
import { withoutAliases } from "./aliases.ts";
import { applyOperations, type Operation, operationsOf } from "./json-patch.ts";
import { applyStrategic, type StrategicPatch, strategicPatch } from "./strategic-patch.ts";

/** A change to a config: documents to merge into it, or operations of RFC 6902. */
export type Patch =
  | { readonly type: "strategic"; readonly patch: StrategicPatch }
  | { readonly type: "operations"; readonly operations: readonly Operation[] };

/** Reads a patch, YAML or JSON: a list holds operations, anything else is merged. */
export function parsePatch(text: string): Patch {
  const { documents } = parseYaml(text);
  const [first, ...others] = documents;
  if (first && isSeq(first.contents)) {
    if (others.length > 0) throw refused("operations must be one list");
    return { type: "operations", operations: operationsOf(plainYaml(first)) };
  }
  return { type: "strategic", patch: strategicPatch(documents) };
}

/** The config with the patches applied one after the other. Comments and order stay where nothing changed. */
export function applyPatches(config: MachineConfig, patches: readonly Patch[]): MachineConfig {
  return patches.reduce((patched, patch) => {
    const documents: Document[] = patched.documents.map(({ yaml }) => yaml.clone());
    if (patch.type === "strategic") return configFromYaml(applyStrategic(documents, patch.patch));
    const [only, ...others] = documents;
    if (!only || others.length > 0) {
      throw refused("JSON6902 patches are not supported for multi-document machine configuration");
    }
    return configFromYaml([applyOperations(withoutAliases(only), patch.operations)]);
  }, config);
}

const refused = (why: string) => new InvalidMachineConfig("patch", [{ line: 0, column: 0, path: "", why }]);
