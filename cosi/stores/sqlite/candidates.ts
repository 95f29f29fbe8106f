import type { LabelTerm } from "../../query.ts";
import { labelCondition, valuesOf } from "./label-conditions.ts";
import type { Listing } from "./statements.ts";

/** Rows of a kind among which all are that the terms mean, in the order of ids. */
export function candidates<Row>(
  listing: Listing<Row>,
  kind: number,
  labels: readonly LabelTerm[] = [],
): readonly Row[] {
  const values = labels.map(valuesOf).find((values) => values !== undefined);
  if (values !== undefined) return listing.labelled.all(kind, values.label, JSON.stringify(values.values));
  const conditions = labels.map(labelCondition).filter((condition) => condition !== undefined);
  if (conditions.length === 0) return listing.all.all(kind);
  const where = conditions.map((condition) => `AND ${condition.where}`).join(" ");
  return listing.where(where).all(kind, ...conditions.flatMap((condition) => condition.values));
}
