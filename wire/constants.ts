import type { Codec } from "./codec.ts";

/** A number that is always the same: `literal(u32, 0x63825363)`. Absent from a struct's value. */
export function literal(codec: Codec<number>, constant: number): Codec<void> {
  return {
    silent: true,
    decode(r) {
      const start = r.offset;
      const found = codec.decode(r);
      if (found !== constant) throw r.error(`is ${hex(found)} instead of ${hex(constant)}`, start);
    },
    encode: (w) => codec.encode(w, constant),
  };
}

/** Bytes that are always the same, given as bytes or as ASCII text. Absent from a struct's value. */
export function magic(constant: Uint8Array | string): Codec<void> {
  const expected = typeof constant === "string" ? Buffer.from(constant, "latin1") : constant;
  return {
    silent: true,
    decode(r) {
      const start = r.take(expected.length);
      for (let index = 0; index < expected.length; index++) {
        if (r.bytes[start + index] !== expected[index]) {
          throw r.error(`does not begin with ${Buffer.from(expected).toString("hex")}`, start);
        }
      }
    },
    encode(w) {
      const at = w.take(expected.length);
      w.bytes.set(expected, at);
    },
  };
}

/** No bytes at all: for options whose presence is their meaning. */
export const present: Codec<true> = {
  decode: () => true,
  encode() {},
};

const hex = (value: number) => `0x${value.toString(16)}`;
