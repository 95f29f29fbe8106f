// Specs between what code works with and what a store keeps. A schema may hold codecs (`timestamp`): a Date in
// code is text in the store. One-way transforms cannot be written back, and are refused with the field's name.
import { inspect } from "node:util";
import * as z from "zod";
import { frozen } from "./frozen.ts";
import type { Key, Resource, ResourceOf, ResourceType, SpecOf } from "./resource.ts";
import { InvalidSpec } from "./state-errors.ts";
import type { Document, Json } from "./store.ts";

/** A moment: a Date in code, ISO 8601 in the store. */
export const timestamp = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

/** What the store is given for a spec. */
export function encodeSpec<Type extends ResourceType>(type: Type, key: Key, spec: SpecOf<Type>): Json {
  let result: z.ZodSafeParseResult<unknown>;
  try {
    result = z.safeEncode(type.spec, spec);
  } catch (cause) {
    // A schema that cannot be written at all, such as one with a transform, throws instead.
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidSpec("write", key, [{ path: [], message }], { cause });
  }
  if (!result.success) throw new InvalidSpec("write", key, result.error.issues, { cause: result.error });
  return asJson(result.data, key, []);
}

interface Decoded {
  readonly by: ResourceType["spec"];
  readonly resource: Resource;
}
const decoded = new WeakMap<Document, Decoded>();

/** The resource that a stored document is. A document that nobody can change is decoded once. */
export function decodeDocument<Type extends ResourceType>(type: Type, document: Document): ResourceOf<Type> {
  const known = decoded.get(document);
  if (known?.by === type.spec) return known.resource as ResourceOf<Type>;
  const { metadata, spec } = document;
  const result = z.safeParse(type.spec, spec);
  if (!result.success) throw new InvalidSpec("read", metadata, result.error.issues, { cause: result.error });
  const resource: Resource = { metadata, spec: result.data };
  if (Object.isFrozen(document)) {
    const shared = frozen({ metadata, spec: sharing(result.data, spec) });
    decoded.set(document, { by: type.spec, resource: shared });
    return shared as ResourceOf<Type>;
  }
  return resource as ResourceOf<Type>;
}

/** The same value, made of the parts of `stored` wherever decoding changed nothing: most of it is kept in memory once. */
function sharing(value: unknown, stored: unknown): unknown {
  if (typeof value !== "object" || typeof stored !== "object" || value === null || stored === null)
    return value;
  if (value instanceof Date) return value;
  const names = Object.keys(value);
  const [made, kept] = [value, stored] as Record<string, unknown>[];
  let isSame = names.length === Object.keys(stored).length && Array.isArray(value) === Array.isArray(stored);
  for (const name of names) {
    const part = sharing(made![name], kept![name]);
    made![name] = part;
    isSame &&= part === kept![name];
  }
  return isSame ? stored : value;
}

/** The same value without what JSON leaves out; refuses what JSON would silently change. */
function asJson(value: unknown, key: Key, path: PropertyKey[]): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  // JSON has no negative zero.
  if (typeof value === "number" && Number.isFinite(value)) return value + 0;
  if (Array.isArray(value)) return value.map((item, index) => asJson(item, key, [...path, index]));
  if (isPlainObject(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(fields.map(([name, field]) => [name, asJson(field, key, [...path, name])]));
  }
  const message = `the store keeps JSON, and ${inspect(value, { depth: 0 })} is none; give the field a codec`;
  throw new InvalidSpec("write", key, [{ path, message }]);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
