import type * as z from "zod";
import { type ConfigDocument, decode } from "./decode/decode.ts";
import { version } from "./decode/identity.ts";
import { type Syntax, yamlText } from "./decode/syntax.ts";
import type { DocumentKind } from "./documents/document-kind.ts";
import type { V1Alpha1 } from "./v1alpha1/config.ts";

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
