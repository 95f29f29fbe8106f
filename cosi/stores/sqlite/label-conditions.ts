import type { LabelTerm } from "../../query.ts";

export interface LabelCondition {
  /** Of the rows of `resource`, with one `?` for each value. */
  readonly where: string;
  readonly values: readonly string[];
}

/** What the index of labels can say of a term; undefined where labels have to be read and compared. */
export function labelCondition(term: LabelTerm): LabelCondition | undefined {
  const invert = term.invert ?? false;
  switch (term.op) {
    case "exists":
      return has(!invert, term.label);
    case "notExists":
      return has(invert, term.label);
    case "equal":
      return has(!invert, term.label, [term.value]);
    case "in":
      return has(!invert, term.label, term.values);
    case "lt":
    case "lte":
    case "ltNumeric":
    case "lteNumeric":
      return undefined;
  }
}

function has(wanted: boolean, label: string, values?: readonly string[]): LabelCondition {
  const one = values === undefined ? "" : "AND value IN (SELECT value FROM json_each(?))";
  const where = `${wanted ? "" : "NOT "}EXISTS (SELECT 1 FROM label
    WHERE label.resource = resource.number AND label.name = ? ${one})`;
  return { where, values: values === undefined ? [label] : [label, JSON.stringify(values)] };
}

/** The values of a label that a term asks for, when the index of labels can find them. */
export function valuesOf(term: LabelTerm): { label: string; values: readonly string[] } | undefined {
  if (term.invert) return undefined;
  if (term.op === "equal") return { label: term.label, values: [term.value] };
  return term.op === "in" ? { label: term.label, values: term.values } : undefined;
}
