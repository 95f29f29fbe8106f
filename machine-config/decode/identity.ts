import { type Document, isMap } from "yaml";
import type * as z from "zod";
import type { DocumentKind } from "../documents/document-kind.ts";
import { documentKinds } from "../documents/kinds.ts";
import { v1alpha1 } from "../v1alpha1/config.ts";
import { suggestion } from "./suggestion.ts";

export const version = "v1alpha1";

/** Tells documents apart: a config has each identity once. */
export interface Identity {
  /** `v1alpha1` for the document that has no kind. */
  readonly kind: string;
  /** Empty for kinds of which there is only one. */
  readonly name: string;
}

export interface Identified extends Identity {
  readonly schema: z.ZodObject;
  /** Undefined for the v1alpha1 document. */
  readonly declaration: DocumentKind | undefined;
}

export const identityText = ({ kind, name }: Identity) => (name === "" ? kind : `${kind} "${name}"`);

/** Keys by which the document without a kind is known. */
const v1alpha1Keys = ["machine", "cluster", "debug", "persist"];

const byKind: ReadonlyMap<string, DocumentKind> = new Map(documentKinds.map((kind) => [kind.kind, kind]));

/** What a document is, or why that cannot be said. */
export function identify(document: Document): Identified | { readonly why: string } {
  const { contents } = document;
  if (!isMap(contents)) return { why: "a document must be a mapping" };
  const [apiVersion, kind, name] = ["apiVersion", "kind", "name"].map((key) => textOf(contents.get(key)));
  if (!kind) {
    const isKnown = apiVersion === version || v1alpha1Keys.some((key) => contents.has(key));
    return isKnown
      ? { kind: version, name: "", schema: v1alpha1, declaration: undefined }
      : { why: "neither a kind nor a machine or a cluster is in it" };
  }
  if (!apiVersion) return { why: `a ${kind} must say its apiVersion` };
  const declaration = byKind.get(kind);
  if (!declaration || apiVersion !== version) {
    const near = apiVersion === version ? suggestion(kind, [...byKind.keys()]) : undefined;
    return { why: `${apiVersion} ${kind} is not known here${near ? `; did you mean ${near}?` : ""}` };
  }
  return { kind, name: declaration.named ? (name ?? "") : "", schema: declaration.schema, declaration };
}

const textOf = (value: unknown) =>
  typeof value === "string" ? value : value ? JSON.stringify(value) : undefined;
