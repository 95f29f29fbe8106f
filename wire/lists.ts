import type { Codec } from "./codec.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** Values one after another, up to the end. */
export function list<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    decode(r) {
      const values: T[] = [];
      try {
        while (r.offset < r.end) values.push(decodeProgressing(r, codec));
      } catch (thrown) {
        throw r.blame(thrown).inside(`[${values.length}]`);
      }
      return values;
    },
    encode: (w, values) => encodeAll(w, codec, values),
  };
}

/** Exactly `count` values. */
export function array<T>(count: number, codec: Codec<T>): Codec<readonly T[]> {
  return {
    decode: (r) => decodeMany(r, count, codec),
    encode(w, values) {
      if (values.length !== count) throw w.error(`has ${values.length} elements instead of ${count}`);
      encodeAll(w, codec, values);
    },
  };
}

/** Values after their number: `counted(u8, ipv4)`. */
export function counted<T>(count: Codec<number>, codec: Codec<T>): Codec<readonly T[]> {
  return {
    decode: (r) => decodeMany(r, count.decode(r), codec),
    encode(w, values) {
      count.encode(w, values.length);
      encodeAll(w, codec, values);
    },
  };
}

function decodeMany<T>(r: Reader, count: number, codec: Codec<T>): T[] {
  const values: T[] = [];
  try {
    while (values.length < count) values.push(decodeProgressing(r, codec));
  } catch (thrown) {
    throw r.blame(thrown).inside(`[${values.length}]`);
  }
  return values;
}

/** An element of no bytes could be repeated for ever: four bytes of count would ask for four billion of it. */
function decodeProgressing<T>(r: Reader, codec: Codec<T>): T {
  const start = r.offset;
  const value = codec.decode(r);
  if (r.offset === start) throw r.error("is an element of no bytes");
  return value;
}

function encodeAll<T>(w: Writer, codec: Codec<T>, values: readonly T[]): void {
  let index = 0;
  try {
    for (; index < values.length; index++) codec.encode(w, values[index]!);
  } catch (thrown) {
    throw w.blame(thrown).inside(`[${index}]`);
  }
}
