import type { Codec } from "./codec.ts";

type Names = Readonly<Record<string, number>>;

/** A number that stands for a name. A number outside the table is an error. */
export function oneOf<const N extends Names>(codec: Codec<number>, names: N): Codec<keyof N & string> {
  const lookup = lookupOf(names);
  return {
    decode(r) {
      const start = r.offset;
      const number = codec.decode(r);
      const name = lookup.get(number);
      if (name === undefined) throw r.error(`${number} is none of ${known(names)}`, start);
      return name;
    },
    encode(w, name) {
      const number = names[name];
      if (number === undefined) throw w.error(`${name} is none of ${known(names)}`);
      codec.encode(w, number);
    },
  };
}

/** The same for tables that peers extend: a number outside the table stays a number. */
export function oneOfOrNumber<const N extends Names>(
  codec: Codec<number>,
  names: N,
): Codec<(keyof N & string) | number> {
  const lookup = lookupOf(names);
  return {
    decode(r) {
      const number = codec.decode(r);
      return lookup.get(number) ?? number;
    },
    encode(w, value) {
      const number = typeof value === "number" ? value : names[value];
      if (number === undefined) throw w.error(`${String(value)} is none of ${known(names)}`);
      codec.encode(w, number);
    },
  };
}

function lookupOf<const N extends Names>(names: N) {
  return new Map<number, keyof N & string>(Object.entries(names).map(([name, number]) => [number, name]));
}

const known = (names: Names) =>
  Object.entries(names)
    .map(([name, number]) => `${name} (${number})`)
    .join(", ");
