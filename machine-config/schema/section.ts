import * as z from "zod";

/** How a strategic merge treats a value, where its type alone does not say. */
export type MergeRule =
  /** A list that is replaced, where others are appended to. */
  | { readonly kind: "replaced" }
  /** A list whose items are merged when these fields (the first that the patch's item has) are equal. */
  | { readonly kind: "keyed"; readonly by: readonly string[]; readonly whenEqual: "merged" | "replaced" }
  /** A number or text that may be set to zero or nothing on purpose. Elsewhere zero changes nothing. */
  | { readonly kind: "zeroCounts" };

/** Merge rules by schema: see patch/strategic-merge.ts. */
export const mergeRules = z.registry<MergeRule>();

/** A mapping with these keys and no others; all may be left out. What must be there is for validation to say. */
export function section<const Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape).partial();
}

export const list = <Item extends z.ZodType>(item: Item) => z.array(item);

export function replacedList<Item extends z.ZodType>(item: Item) {
  return z.array(item).register(mergeRules, { kind: "replaced" });
}

export function keyedList<Item extends z.ZodType>(
  item: Item,
  by: readonly string[],
  whenEqual: "merged" | "replaced" = "merged",
) {
  return z.array(item).register(mergeRules, { kind: "keyed", by, whenEqual });
}

/** A value whose zero a patch may set on purpose. */
export function zeroCounts<Value extends z.ZodType>(value: Value): Value {
  const marked = value.clone();
  mergeRules.add(marked, { kind: "zeroCounts" });
  return marked;
}

export const mapOf = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value);

/** YAML that is somebody else's to understand: Kubernetes objects, OCI specifications. */
export const untyped = z.record(z.string(), z.unknown());
