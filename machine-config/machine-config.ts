import type { z } from "zod";
import { conflicts } from "./conflicts.ts";
import { type ConfigDocument, decode, nodeAt } from "./decode/decode.ts";
import { type Diagnostic, InvalidMachineConfig } from "./decode/diagnostic.ts";
import { version } from "./decode/identity.ts";
import { type Syntax, yamlText } from "./decode/syntax.ts";
import type { DocumentKind } from "./documents/document-kind.ts";
import type { V1Alpha1 } from "./v1alpha1/config.ts";
import { type Mode, v1alpha1Findings } from "./v1alpha1/rules.ts";

/** What a document of this kind says. */
export type SpecOf<Kind extends DocumentKind> = z.output<Kind["schema"]> & {
  readonly name?: string | undefined;
};

/** A machine's whole configuration: documents, in their order. Immutable. */
export interface MachineConfig {
  readonly documents: readonly ConfigDocument[];
  /** The document with the machine and the cluster; a config without it is not complete. */
  readonly v1alpha1: V1Alpha1 | undefined;
  /** The documents of one kind. */
  all<Kind extends DocumentKind>(kind: Kind): readonly SpecOf<Kind>[];
  /** The document of one kind, and of this name where there may be several. */
  get<Kind extends DocumentKind>(kind: Kind, name?: string): SpecOf<Kind> | undefined;
  /** YAML: as it was written when nothing changed it. */
  readonly text: string;
  readonly syntax: Syntax;
}

/** Reads a config strictly. Throws InvalidMachineConfig, with every fault and its place. */
export function parseMachineConfig(text: string): MachineConfig {
  const { documents, syntax } = decode(text);
  return configOf(documents, syntax, text);
}

/** The config whose documents are these YAML documents. */
export function configFromYaml(documents: readonly ConfigDocument["yaml"][]): MachineConfig {
  return parseMachineConfig(yamlText(documents));
}

function configOf(documents: readonly ConfigDocument[], syntax: Syntax, text: string): MachineConfig {
  const all = <Kind extends DocumentKind>({ kind }: Kind) =>
    documents.filter((document) => document.kind === kind).map(({ spec }) => spec as SpecOf<Kind>);
  return {
    documents,
    syntax,
    text,
    v1alpha1: documents.find(({ kind }) => kind === version)?.spec,
    all,
    get: (kind, name) => all(kind).find((spec) => !kind.named || spec.name === name),
  };
}

/** Everything that is wrong with a config as a whole, and everything that is merely unwise. */
export interface Findings {
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
}

/** Applies the rules that stand above the schema. `metal` asks for what an installed machine needs. */
export function validate(config: MachineConfig, mode: Mode): Findings {
  const errors: Diagnostic[] = [];
  const warnings: Diagnostic[] = [];
  for (const { spec, yaml, declaration } of config.documents) {
    const locate = ([at, why]: readonly [string, string]): Diagnostic => {
      const node = nodeAt(yaml, at === "" ? [] : at.split("."));
      return { ...config.syntax.position(node), path: at, why };
    };
    const found = declaration
      ? { errors: declaration.faults(spec), warnings: [] }
      : v1alpha1Findings(spec, mode);
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
