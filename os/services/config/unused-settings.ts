import { fieldSchema, fieldsOf, itemSchema } from "../../../machine-config/decode/schema-shape.ts";
import type { MachineConfig } from "../../../machine-config/machine-config.ts";
import { unusedSettings as reasons, usedSettings } from "./setting-uses.ts";

type Schema = Parameters<typeof fieldsOf>[0];

const uses: ReadonlyMap<string, { readonly why?: string }> = new Map([
  ...usedSettings.map((path) => [path, {}] as const),
  ...reasons.flatMap(([why, paths]) => paths.map((path) => [path, { why }] as const)),
]);

/** A sentence for each reason why something that a config asks for is not done. */
export function unusedSettings({ documents }: MachineConfig): readonly string[] {
  const found = new Map<string, Set<string>>();
  for (const { kind, declaration, schema, spec } of documents) {
    for (const leaf of leavesOf(schema, declaration ? kind : "", spec)) {
      const row = rowOf(leaf);
      const why = row === undefined ? "nothing is known of it" : uses.get(row)?.why;
      if (why === undefined) continue;
      if (!found.has(why)) found.set(why, new Set());
      found.get(why)!.add(named(row ?? leaf, leaf));
    }
  }
  return [...found].map(([why, paths]) => `kept, and not used: ${[...paths].join(", ")} (${why})`);
}

/** The path of the row that counts for a field. Exported for the test of the table. */
export function rowOf(leaf: string): string | undefined {
  const parts = leaf.split(".");
  const paths = parts.map((_, at) => parts.slice(0, parts.length - at).join("."));
  return paths.find((path) => uses.has(path));
}

/** A row is called by itself, or, when a part of it is used, by what of it is not. */
function named(row: string, leaf: string): string {
  const isPartlyUsed = usedSettings.some((path) => path.startsWith(`${row}.`));
  return isPartlyUsed
    ? leaf
        .split(".")
        .slice(0, row.split(".").length + 1)
        .join(".")
    : row;
}

/** Every field that says something. */
function* leavesOf(schema: Schema | undefined, path: string, value: unknown): Iterable<string> {
  if (saysNothing(value)) return;
  const item = itemSchema(schema);
  if (item && Array.isArray(value)) for (const one of value) yield* leavesOf(item, path, one);
  else if (schema && isParted(schema))
    for (const [key, one] of Object.entries(value)) {
      if (path !== "" && (key === "apiVersion" || key === "kind")) continue;
      const step = fieldsOf(schema) ? key : "*";
      yield* leavesOf(fieldSchema(schema, key), path === "" ? step : `${path}.${step}`, one);
    }
  else yield path;
}

/** Whether its fields are told apart: a mapping of texts is one thing. Exported for the test of the table. */
export function isParted(schema: Schema): boolean {
  if (fieldsOf(schema)) return true;
  const ofAnyKey = fieldSchema(schema, "");
  return ofAnyKey !== undefined && fieldsOf(ofAnyKey) !== undefined;
}

const saysNothing = (value: unknown) =>
  value === undefined || value === null || value === "" || value === false || value === 0;
