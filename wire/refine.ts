import type { Codec } from "./codec.ts";

/** The same layout under a condition: `check` answers what is wrong with a value, or undefined. */
export function refine<T>(codec: Codec<T>, check: (value: T) => string | undefined): Codec<T> {
  return {
    decode(r) {
      const start = r.offset;
      const value = codec.decode(r);
      const wrong = check(value);
      if (wrong !== undefined) throw r.error(wrong, start);
      return value;
    },
    encode(w, value) {
      const wrong = check(value);
      if (wrong !== undefined) throw w.error(wrong);
      codec.encode(w, value);
    },
  };
}

/** The same bytes under another type. What the functions throw becomes the reason of a WireError. */
export function mapped<Inner, Outer>(
  codec: Codec<Inner>,
  convert: { decode: (inner: Inner) => Outer; encode: (outer: Outer) => Inner },
): Codec<Outer> {
  return {
    decode: (r) => convert.decode(codec.decode(r)),
    encode: (w, value) => codec.encode(w, convert.encode(value)),
  };
}
