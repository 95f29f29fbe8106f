// Specs between what code works with and what a store keeps. A schema may hold codecs (`timestamp`): a Date in
// code is text in the store. One-way transforms cannot be written back, and are refused with the field's name.
import { inspect } from "node:util";
import * as z from "zod";
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

/** The resource that a stored document is. */
export function decodeDocument<Type extends ResourceType>(type: Type, document: Document): ResourceOf<Type> {
  const { metadata, spec } = document;
  const result = z.safeParse(type.spec, spec);
  if (!result.success) throw new InvalidSpec("read", metadata, result.error.issues, { cause: result.error });
  return { metadata, spec: result.data } satisfies Resource as ResourceOf<Type>;
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
