import type { Codec } from "./codec.ts";

/** Exactly `size` bytes. What is read shares the input's memory. */
export function bytes(size: number): Codec<Uint8Array> {
  return {
    decode: (r) => r.view(size),
    encode(w, value) {
      if (value.length !== size) throw w.error(`has ${value.length} bytes instead of ${size}`);
      const at = w.take(size);
      w.bytes.set(value, at);
    },
  };
}

/** Every byte up to the end. What is read shares the input's memory. */
export const rest: Codec<Uint8Array> = {
  decode: (r) => r.view(r.left),
  encode(w, value) {
    const at = w.take(value.length);
    w.bytes.set(value, at);
  },
};

/** `size` bytes of no meaning: written as zeros, ignored when read, absent from a struct's value. */
export function padding(size: number): Codec<void> {
  return {
    silent: true,
    decode(r) {
      r.take(size);
    },
    encode(w) {
      const at = w.take(size);
      w.bytes.fill(0, at, at + size);
    },
  };
}
