import { isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import * as z from "zod";
import { InvalidMachineConfig } from "../decode/diagnostic.ts";
import { fieldSchema, itemSchema, unwrapped } from "../decode/schema-shape.ts";
import { type MergeRule, mergeRules } from "../schema/section.ts";

type Schema = z.core.$ZodType | undefined;

/**
 * Merges `right` into `left`, key by key:
 * numbers and texts replace unless they are zero or empty, flags always, mappings merge, lists append.
 * schema/section.ts names the values that are treated otherwise.
 */
export function mergeMappings(
  left: YAMLMap,
  right: YAMLMap,
  schema: Schema,
  path: readonly string[] = [],
): void {
  for (const { key, value } of right.items) {
    const name = isScalar(key) ? String(key.value) : String(key);
    if (isNull(value)) continue;
    const inside = fieldSchema(schema, name);
    const present = left.get(name, true) as Node | undefined;
    const merged = isNull(present)
      ? copy(value as Node)
      : mergeValues(present!, value as Node, inside, [...path, name]);
    left.set(present === undefined ? copy(key as Scalar) : name, merged);
  }
}

const isNull = (node: unknown) =>
  node === undefined || node === null || (isScalar(node) && node.value === null);

const copy = <T extends Node>(node: T): T => node.clone() as T;

function mergeValues(left: Node, right: Node, schema: Schema, path: readonly string[]): Node {
  const rule = ruleOf(schema);
  // A list takes the other's place even when it is empty; an empty mapping says nothing.
  if (rule?.kind === "replaced") return isMap(right) && right.items.length === 0 ? left : copy(right);
  // A list in the place of an argument's text is a value like any other, and so is an empty text.
  if (isOneOrSeveral(schema)) return copy(right);
  if (isMap(left) && isMap(right)) {
    mergeMappings(left, right, schema, path);
    return left;
  }
  if (isSeq(left) && isSeq(right)) {
    if (rule?.kind === "keyed") mergeKeyed(left, right, { rule, schema: itemSchema(schema), path });
    else append(left, right.items);
    return left;
  }
  if (!isScalar(left) || !isScalar(right)) {
    const why = "is a mapping, a list or a single value in the config, and something else in the patch";
    throw new InvalidMachineConfig("patch", [{ line: 0, column: 0, path: path.join("."), why }]);
  }
  return isZero(right) && rule?.kind !== "zeroCounts" ? left : withComment(copy(right), left);
}

function isOneOrSeveral(schema: Schema): boolean {
  const bare = schema && unwrapped(schema);
  return bare instanceof z.ZodUnion && bare.options.some((option) => option instanceof z.ZodArray);
}

function ruleOf(schema: Schema): MergeRule | undefined {
  return schema && mergeRules.get(unwrapped(schema) as z.ZodType);
}

const isZero = (node: Node) => isScalar(node) && (node.value === 0 || node.value === "");

function withComment(node: Scalar, replaced: Scalar): Scalar {
  node.comment ??= replaced.comment ?? null;
  node.commentBefore ??= replaced.commentBefore ?? null;
  return node;
}

function append(list: YAMLSeq, items: readonly unknown[]): void {
  // `[]` was written in one line; what is appended deserves its own.
  if (list.items.length === 0) list.flow = false;
  list.items.push(...items.map((item) => copy(item as Node)));
}

interface Keyed {
  readonly rule: Extract<MergeRule, { kind: "keyed" }>;
  readonly schema: Schema;
  readonly path: readonly string[];
}

function mergeKeyed(left: YAMLSeq, right: YAMLSeq, { rule, schema, path }: Keyed): void {
  for (const item of right.items) {
    const key = isMap(item) ? rule.by.find((key) => !isNull(item.get(key, true))) : undefined;
    const identity = key && identityOf(item, key);
    const index = key ? left.items.findIndex((candidate) => identityOf(candidate, key) === identity) : -1;
    if (index < 0) append(left, [item]);
    else if (rule.whenEqual === "replaced") left.items[index] = copy(item as Node);
    else mergeMappings(left.items[index] as YAMLMap, item as YAMLMap, schema, [...path, String(index)]);
  }
}

/** A key's value as text that compares: mappings in the order of their keys. */
function identityOf(item: unknown, key: string): string | undefined {
  const node: unknown = isMap(item) ? item.get(key, true) : undefined;
  if (isNull(node)) return undefined;
  if (isScalar(node)) return String(node.value);
  const pairs = isMap(node) ? node.items.map(({ key, value }) => [String(key), String(value)] as const) : [];
  return JSON.stringify(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
