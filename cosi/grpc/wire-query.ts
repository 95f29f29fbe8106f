// Queries of COSI's wire, and ours.
import { create } from "@bufbuild/protobuf";
import {
  type IDQuery,
  IDQuerySchema,
  type LabelQuery,
  LabelQuerySchema,
  LabelTermSchema,
  LabelTerm_Operation as Operation,
  type LabelTerm as WireTerm,
} from "../../api/gen/cosi/resource_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import type { LabelTerm, Query } from "../query.ts";
import { idPattern } from "./id-pattern.ts";

const comparisons = {
  equal: Operation.EQUAL,
  lt: Operation.LT,
  lte: Operation.LTE,
  ltNumeric: Operation.LT_NUMERIC,
  lteNumeric: Operation.LTE_NUMERIC,
} as const;

export function decodeQuery(labels: readonly LabelQuery[], id: IDQuery | undefined): Query {
  return {
    ...(labels.length > 0 && { anyOf: labels.map(({ terms }) => terms.map(decodeTerm)) }),
    ...(id?.regexp && { id: idPattern(id.regexp) }),
  };
}

function decodeTerm({ key: label, op, value, invert }: WireTerm): LabelTerm {
  if (op === Operation.EXISTS) return { label, op: "exists", invert };
  // The one operation that is inverted by itself, and that `invert` does not turn round.
  if (op === Operation.NOT_EXISTS) return { label, op: "exists", invert: true };
  if (op === Operation.IN) return { label, op: "in", values: value, invert };
  for (const [name, operation] of Object.entries(comparisons)) {
    if (op !== operation) continue;
    const [limit] = value;
    if (limit === undefined)
      throw new GrpcError("invalidArgument", `label query ${name} of ${label} has no value`);
    return { label, op: name as keyof typeof comparisons, value: limit, invert };
  }
  throw new GrpcError("unimplemented", `unsupported label query operation: ${op}`);
}

export function encodeQuery({ labels = [], anyOf, id }: Query): {
  labelQuery: LabelQuery[];
  idQuery?: IDQuery;
} {
  // All of `labels` and one of `anyOf`: on the wire every alternative repeats what they have in common.
  const groups = anyOf?.length ? anyOf : [[]];
  const alternatives = groups.map((group) => [...labels, ...group]).filter((terms) => terms.length > 0);
  return {
    labelQuery: alternatives.map((terms) => create(LabelQuerySchema, { terms: terms.map(encodeTerm) })),
    ...(id && { idQuery: create(IDQuerySchema, { regexp: encodePattern(id) }) }),
  };
}

function encodeTerm(term: LabelTerm): WireTerm {
  const { label: key, invert = false } = term;
  if ("value" in term) {
    return create(LabelTermSchema, { key, op: comparisons[term.op], value: [term.value], invert });
  }
  if ("values" in term) {
    return create(LabelTermSchema, { key, op: Operation.IN, value: [...term.values], invert });
  }
  const absent = term.op === "notExists";
  return create(LabelTermSchema, { key, op: Operation.EXISTS, invert: invert !== absent });
}

function encodePattern({ source, flags }: RegExp): string {
  const known = flags.replaceAll(/[^ims]/g, "");
  return known === "" ? source : `(?${known})${source}`;
}
