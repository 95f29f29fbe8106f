// Which resources are meant: terms over labels as COSI's queries have them, and a pattern of ids.
import type { Metadata } from "./resource.ts";

/** One condition on one label. An absent label meets no condition but `notExists` and what is inverted. */
export type LabelTerm = {
  readonly label: string;
  readonly invert?: boolean;
} & (
  | { readonly op: "exists" | "notExists" }
  | { readonly op: "equal" | "lt" | "lte" | "ltNumeric" | "lteNumeric"; readonly value: string }
  | { readonly op: "in"; readonly values: readonly string[] }
);

/** Everything that is given must hold. */
export interface Query {
  /** Terms that hold together. */
  readonly labels?: readonly LabelTerm[];
  /** Groups of terms, of which at least one holds. No groups at all ask for nothing. */
  readonly anyOf?: readonly (readonly LabelTerm[])[];
  readonly id?: RegExp;
}

export const exists = (label: string): LabelTerm => ({ label, op: "exists" });
export const equal = (label: string, value: string): LabelTerm => ({ label, op: "equal", value });
export const oneOf = (label: string, values: readonly string[]): LabelTerm => ({ label, op: "in", values });
export const below = (label: string, limit: number): LabelTerm => ({
  label,
  op: "ltNumeric",
  value: String(limit),
});
export const atMost = (label: string, limit: number): LabelTerm => ({
  label,
  op: "lteNumeric",
  value: String(limit),
});
export const not = (term: LabelTerm): LabelTerm => ({ ...term, invert: !term.invert });

/** Whether a resource is one of those that the query means. */
export function matches(query: Query, { id, labels }: Pick<Metadata, "id" | "labels">): boolean {
  const holds = (term: LabelTerm) =>
    termHolds(term, Object.hasOwn(labels, term.label) ? labels[term.label] : undefined);
  return (
    (query.labels?.every(holds) ?? true) &&
    (!query.anyOf?.length || query.anyOf.some((group) => group.every(holds))) &&
    (query.id === undefined || stateless(query.id).test(id))
  );
}

/** A global or sticky pattern remembers where it stopped: the next id would be tried from there. */
function stateless(pattern: RegExp): RegExp {
  pattern.lastIndex = 0;
  return pattern;
}

function termHolds(term: LabelTerm, label: string | undefined): boolean {
  const holds = plainly(term, label);
  return holds === undefined ? false : holds !== (term.invert ?? false);
}

/** Undefined for a comparison that makes no sense: it does not hold, and neither does its inversion. */
function plainly(term: LabelTerm, label: string | undefined): boolean | undefined {
  if (term.op === "notExists") return label === undefined;
  if (label === undefined) return false;
  switch (term.op) {
    case "exists":
      return true;
    case "equal":
      return label === term.value;
    case "in":
      return term.values.includes(label);
    case "lt":
      return label < term.value;
    case "lte":
      return label <= term.value;
    case "ltNumeric":
    case "lteNumeric": {
      const left = quantity(label);
      const right = quantity(term.value);
      if (left === undefined || right === undefined) return undefined;
      return term.op === "ltNumeric" ? left < right : left <= right;
    }
  }
}

const prefixes = "kmgtp";

/** A number, or one with a unit: `16 GiB`, `20kg`. Of the unit only the prefix counts, as in COSI. */
function quantity(text: string): number | undefined {
  const [, number, unit = ""] = /^\s*([-+]?\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  if (/^b?$/i.test(unit)) return Number(number);
  const power = prefixes.indexOf(unit[0]!.toLowerCase()) + 1;
  if (power === 0) return undefined;
  return Number(number) * (unit[1]?.toLowerCase() === "i" ? 1024 : 1000) ** power;
}
