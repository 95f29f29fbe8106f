import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import * as z from "zod";
import { fieldSchema, fieldsOf, isUntyped, itemSchema, unwrapped } from "./schema-shape.ts";

/** A key that its mapping's schema does not know. */
export interface UnknownKey {
  readonly node: Node;
  readonly path: readonly (string | number)[];
  /** The keys that would have been known. */
  readonly known: readonly string[];
}

/** No config needs more; a chain of aliases that multiply each other does. */
const maxNodes = 250_000;

export class TooManyNodes extends Error {
  override readonly name = "TooManyNodes";
}

/**
 * The plain value of a YAML node, read with its schema in hand: `net.ipv4.ip_forward: 1` is text where text is due,
 * `yes` is true where a flag is due, null is absence. What does not fit is left for the schema to refuse.
 */
export function plainValue(document: Document, schema: z.core.$ZodType) {
  const unknownKeys: UnknownKey[] = [];
  let nodes = 0;

  const read = (node: unknown, schema: z.core.$ZodType, path: readonly (string | number)[]): unknown => {
    nodes += 1;
    if (nodes > maxNodes) throw new TooManyNodes(`more than ${maxNodes} values`);
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (!target) throw new ReferenceError(`the alias ${node.source} names no anchor before it`);
      return read(target, schema, path);
    }
    if (node === null || node === undefined || (isScalar(node) && node.value === null)) return undefined;
    if (isUntyped(schema)) return (node as Node).toJS(document);
    if (isMap(node)) {
      const fields = fieldsOf(schema);
      const entries = node.items.flatMap(({ key, value }) => {
        const name = isScalar(key) ? String(key.value) : String(key);
        const inside = fieldSchema(schema, name);
        if (!inside && fields) {
          unknownKeys.push({ node: key as Node, path: [...path, name], known: Object.keys(fields) });
          return [];
        }
        const plain = read(value, inside ?? z.unknown(), [...path, name]);
        if (fields && plain === "" && inside && isFormatted(inside)) return [];
        // A null stands for nothing said, but a key of a free mapping is there all the same.
        if (plain === undefined && !fields) return [[name, inside && wantsText(inside) ? "" : null] as const];
        return plain === undefined ? [] : [[name, plain] as const];
      });
      return Object.fromEntries(entries);
    }
    if (isSeq(node)) {
      const item = itemSchema(alternativeFor(schema, node)) ?? z.unknown();
      return node.items.map((entry, index) => read(entry, item, [...path, index]) ?? null);
    }
    return scalarValue(node as Scalar, alternativeFor(schema, node as Scalar));
  };

  return { value: read(document.contents, schema, []), unknownKeys };
}

/** Of a union, the alternative that the node could be. */
function alternativeFor(schema: z.core.$ZodType, node: Node): z.core.$ZodType {
  const bare = unwrapped(schema);
  if (!(bare instanceof z.ZodUnion)) return bare;
  const options = bare.options;
  const isNumber = isScalar(node) && typeof node.value === "number";
  const fitting = options.find((option) =>
    isSeq(node) ? option instanceof z.ZodArray : isNumber ? option instanceof z.ZodNumber : wantsText(option),
  );
  return fitting ?? options[0]!;
}

function wantsText(schema: z.core.$ZodType): boolean {
  const bare = unwrapped(schema);
  return (
    bare instanceof z.ZodString ||
    bare instanceof z.ZodEnum ||
    bare instanceof z.ZodLiteral ||
    (bare instanceof z.ZodUnion && bare.options.some((option) => wantsText(option)))
  );
}

/** Text of a form that an empty text has not: there, `""` says nothing, as null does. */
function isFormatted(schema: z.core.$ZodType): boolean {
  const bare = unwrapped(schema);
  return bare instanceof z.ZodString && !bare.safeParse("").success;
}

/** YAML 1.1's words, which people still write. */
const words: ReadonlyMap<string, boolean> = new Map([
  ...["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "off", "Off", "OFF"].map((word) => [word, false] as const),
]);

function scalarValue({ value, source, type }: Scalar, schema: z.core.$ZodType): unknown {
  if (wantsText(schema) && typeof value !== "string") return source ?? String(value);
  const isWord = schema instanceof z.ZodBoolean && type === "PLAIN" && typeof value === "string";
  return isWord ? (words.get(value) ?? value) : value;
}
