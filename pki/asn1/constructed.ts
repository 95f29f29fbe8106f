// The constructed types of X.690: SEQUENCE, SET OF, CHOICE and tagging.
import { type Codec, decodeElement, inField, type ValueOf } from "./codec.ts";
import { type Element, MalformedDer, readElement, readElements, writeElement } from "./element.ts";

type Fields = Readonly<Record<string, Codec<unknown>>>;
type FieldValues<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

/** A SEQUENCE; its fields in the order of the table. */
export function sequence<const F extends Fields>(fields: F): Codec<FieldValues<F>> {
  const rows = Object.entries(fields);
  return {
    accepts: (tag) => tag === 0x30,
    encode: (value) =>
      writeElement(
        0x30,
        Buffer.concat(
          rows.map(([name, codec]) => {
            const field = value[name];
            return codec.absent && field === codec.absent.value ? new Uint8Array() : codec.encode(field);
          }),
        ),
      ),
    decode: ({ content }) => {
      let rest = content;
      const value: Record<string, unknown> = {};
      for (const [name, codec] of rows) {
        if (codec.absent && (rest.length === 0 || !codec.accepts(rest[0]!))) {
          value[name] = codec.absent.value;
          continue;
        }
        const element = inField(name, () => {
          if (rest.length === 0) throw new MalformedDer("is missing");
          const element = readElement(rest);
          value[name] = decodeElement(codec, element);
          if (codec.absent && value[name] === codec.absent.value) {
            throw new MalformedDer("writes its default value");
          }
          return element;
        });
        rest = rest.subarray(element.bytes.length);
      }
      if (rest.length > 0) throw new MalformedDer(`${rest.length} bytes follow its last field`);
      return value as FieldValues<F>;
    },
  };
}

/** A field that may be left out. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return { ...(codec as Codec<T | undefined>), absent: { value: undefined } };
}

/** A field that is left out when it has this value. */
export function defaulted<T>(codec: Codec<T>, value: T): Codec<T> {
  return { ...codec, absent: { value } };
}

export function sequenceOf<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    accepts: (tag) => tag === 0x30,
    encode: (values) => writeElement(0x30, Buffer.concat(values.map((value) => item.encode(value)))),
    decode: ({ content }) => decodeItems(item, content).map(({ value }) => value),
  };
}

/** §11.6: the items of a SET OF stand in ascending order of their encodings. */
export function setOf<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    accepts: (tag) => tag === 0x31,
    encode: (values) => {
      const items = values.map((value) => item.encode(value)).sort((a, b) => Buffer.compare(a, b));
      return writeElement(0x31, Buffer.concat(items));
    },
    decode: ({ content }) => {
      const items = decodeItems(item, content);
      items.forEach(({ element }, index) => {
        if (index > 0 && Buffer.compare(items[index - 1]!.element.bytes, element.bytes) > 0) {
          throw new MalformedDer("a set that is not in order");
        }
      });
      return items.map(({ value }) => value);
    },
  };
}

function decodeItems<T>(item: Codec<T>, content: Uint8Array): { element: Element; value: T }[] {
  const items: { element: Element; value: T }[] = [];
  for (const element of readElements(content)) {
    items.push({ element, value: inField(`[${items.length}]`, () => decodeElement(item, element)) });
  }
  return items;
}

/** [number] EXPLICIT: an element around the value's own. */
export function explicit<T>(number: number, codec: Codec<T>): Codec<T> {
  const tag = 0xa0 | number;
  return {
    accepts: (candidate) => candidate === tag,
    encode: (value) => writeElement(tag, codec.encode(value)),
    decode: ({ content }) => {
      const element = readElement(content);
      if (element.bytes.length < content.length) throw new MalformedDer("more than one value in a tag");
      return decodeElement(codec, element);
    },
  };
}

/** [number] IMPLICIT: the tag in place of the value's own; a constructed value stays one. */
export function implicit<T>(number: number, codec: Codec<T>, form: "primitive" | "constructed"): Codec<T> {
  const tag = (form === "constructed" ? 0xa0 : 0x80) | number;
  return {
    accepts: (candidate) => candidate === tag,
    encode: (value) => {
      const bytes = Buffer.from(codec.encode(value));
      bytes[0] = tag;
      return bytes;
    },
    decode: (element) => codec.decode(element),
  };
}

/** The value of one alternative, named. */
export type Alternative<A extends Fields> = {
  readonly [Name in keyof A]: { readonly is: Name; readonly value: ValueOf<A[Name]> };
}[keyof A];

/** A CHOICE: the first alternative that accepts the tag. */
export function choice<const A extends Fields>(alternatives: A): Codec<Alternative<A>> {
  const rows = Object.entries(alternatives);
  return {
    accepts: (tag) => rows.some(([, codec]) => codec.accepts(tag)),
    encode: ({ is, value }) => alternatives[is]!.encode(value),
    decode: (element) => {
      const [is, codec] = rows.find(([, codec]) => codec.accepts(element.tag))!;
      return { is, value: inField(is, () => codec.decode(element)) } as Alternative<A>;
    },
  };
}

/** Another view of the same encoding. */
export function mapped<From, To>(
  codec: Codec<From>,
  to: (value: From) => To,
  from: (value: To) => From,
): Codec<To> {
  return {
    accepts: (tag) => codec.accepts(tag),
    encode: (value) => codec.encode(from(value)),
    decode: (element) => to(codec.decode(element)),
  };
}
