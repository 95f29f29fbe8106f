// Which fields of a spec are secret: marked in the schema, once, and kept by everything that stores or shows specs.
import * as z from "zod";
import type { Json } from "./store.ts";

/** Marks a field: `password: secret(z.string())`. Persistent stores keep it encrypted, whatever it holds. */
export function secret<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), secret: true });
}

export type FieldPath = readonly (string | number)[];

/**
 * The same JSON with every secret field replaced. Where a schema has alternatives (a union), a field is secret when
 * any of them says so.
 */
export function mapSecrets(
  schema: z.ZodType,
  json: Json,
  replace: (value: Json, path: FieldPath) => Json,
  path: FieldPath = [],
): Json {
  return map([schema], json, replace, path);
}

function map(
  schemas: readonly z.core.$ZodType[],
  json: Json,
  replace: (value: Json, path: FieldPath) => Json,
  path: FieldPath,
): Json {
  if (!schemas.some(mayHoldSecrets)) return json;
  const alternatives = schemas.flatMap((schema) => unwrap(schema));
  if (alternatives.some(isSecret)) return replace(json, path);
  if (json === null || typeof json !== "object") return json;
  const below = (value: Json, step: string | number) =>
    map(
      alternatives.flatMap((schema) => fieldSchemas(schema, step)),
      value,
      replace,
      [...path, step],
    );
  if (Array.isArray(json)) return (json as readonly Json[]).map((item, index) => below(item, index));
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, below(value, name)]));
}

const isSecret = (schema: z.core.$ZodType) => z.globalRegistry.get(schema)?.["secret"] === true;

/** The schema itself and all that it wraps or offers: each of them says something about the same value. */
function unwrap(schema: z.core.$ZodType, met = new Set<z.core.$ZodType>()): z.core.$ZodType[] {
  // A lazy schema may come back to itself.
  if (met.has(schema)) return [];
  met.add(schema);
  return [schema, ...covered(definition(schema)).flatMap((one) => unwrap(one, met))];
}

function covered(def: Definition): readonly z.core.$ZodType[] {
  if ("innerType" in def) return [def.innerType];
  if ("getter" in def) return [def.getter()];
  if ("options" in def) return def.options;
  if ("left" in def) return [def.left, def.right];
  // What is stored is the input side; but a mark on the other side is meant for the same field.
  if ("in" in def) return [def.in, def.out];
  return [];
}

const holders = new WeakMap<z.core.$ZodType, boolean>();

/** Whether a secret can be anywhere in what fits the schema. Most schemas have none, and specs are written often. */
function mayHoldSecrets(schema: z.core.$ZodType): boolean {
  const known = holders.get(schema);
  if (known !== undefined) return known;
  const met = new Set<z.core.$ZodType>();
  const found = holdsSecrets(schema, met);
  holders.set(schema, found);
  return found;
}

function holdsSecrets(schema: z.core.$ZodType, met: Set<z.core.$ZodType>): boolean {
  if (met.has(schema)) return false;
  met.add(schema);
  if (isSecret(schema)) return true;
  const def = definition(schema);
  return [...covered(def), ...parts(def)].some((part) => holdsSecrets(part, met));
}

function parts(def: Definition): readonly z.core.$ZodType[] {
  if ("shape" in def) return [...Object.values(def.shape), ...(def.catchall ? [def.catchall] : [])];
  if ("valueType" in def) return [def.valueType];
  if ("element" in def) return [def.element];
  if ("items" in def) return [...def.items, ...(def.rest ? [def.rest] : [])];
  return [];
}

function fieldSchemas(schema: z.core.$ZodType, step: string | number): readonly z.core.$ZodType[] {
  const def = definition(schema);
  if ("shape" in def) {
    const field = Object.hasOwn(def.shape, step) ? def.shape[step] : def.catchall;
    return field ? [field] : [];
  }
  if ("valueType" in def) return [def.valueType];
  if ("element" in def) return [def.element];
  if ("items" in def) {
    const item = def.items[Number(step)] ?? def.rest;
    return item ? [item] : [];
  }
  return [];
}

type Definition = z.core.$ZodTypes["_zod"]["def"];
const definition = (schema: z.core.$ZodType) => (schema as unknown as { readonly def: Definition }).def;
