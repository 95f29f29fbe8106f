import type { Codec } from "./codec.ts";

/** A value that older or shorter messages lack: undefined when nothing is left to read. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    decode: (r) => (r.offset === r.end ? undefined : codec.decode(r)),
    encode(w, value) {
      if (value !== undefined) codec.encode(w, value);
    },
  };
}
