import { type Codec, decodeWithin } from "./codec.ts";

/** A value after its own size in bytes: `prefixed(u8, restText)`. `size` must take the same room for every number. */
export function prefixed<T>(size: Codec<number>, codec: Codec<T>): Codec<T> {
  return {
    decode: (r) => decodeWithin(r, size.decode(r), codec),
    encode(w, value) {
      const sizeAt = w.offset;
      size.encode(w, 0);
      const start = w.offset;
      codec.encode(w, value);
      const end = w.offset;
      w.offset = sizeAt;
      size.encode(w, end - start);
      w.offset = end;
    },
  };
}

/** A region of exactly `size` bytes that `codec` fills. */
export function sized<T>(size: number, codec: Codec<T>): Codec<T> {
  return {
    decode: (r) => decodeWithin(r, size, codec),
    encode(w, value) {
      const start = w.offset;
      codec.encode(w, value);
      const written = w.offset - start;
      if (written !== size) throw w.error(`takes ${written} bytes instead of ${size}`, start);
    },
  };
}
