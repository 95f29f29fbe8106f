import type { Codec, ValueOf } from "./codec.ts";

type Fields = Readonly<Record<string, Codec<unknown>>>;

/** What a struct holds: its fields, without padding and constants. */
type StructOf<F extends Fields> = {
  -readonly [K in keyof F as ValueOf<F[K]> extends void ? never : K]: ValueOf<F[K]>;
};

/** Fields one after another, in the order in which they are written down. */
export function struct<const F extends Fields>(fields: F): Codec<StructOf<F>> {
  const rows = Object.entries(fields).map(([name, codec]) => ({
    name,
    codec,
    silent: codec.silent === true,
  }));
  return {
    decode(r) {
      const value: Record<string, unknown> = {};
      let at = 0;
      try {
        for (; at < rows.length; at++) {
          const { name, codec, silent } = rows[at]!;
          const part = codec.decode(r);
          if (!silent) value[name] = part;
        }
      } catch (thrown) {
        throw r.blame(thrown).inside(rows[at]!.name);
      }
      return value as StructOf<F>;
    },
    encode(w, value) {
      let at = 0;
      try {
        for (; at < rows.length; at++) {
          const { name, codec } = rows[at]!;
          codec.encode(w, (value as Record<string, unknown>)[name]);
        }
      } catch (thrown) {
        throw w.blame(thrown).inside(rows[at]!.name);
      }
    },
  };
}
