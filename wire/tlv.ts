// Type-length-value sequences: options, attributes, suboptions. One row names a code and its value's layout.
import { rest } from "./bytes.ts";
import type { Codec, ValueOf } from "./codec.ts";
import { u8 } from "./integers.ts";
import { prefixed } from "./prefixed.ts";

export type Rows = Readonly<Record<string, readonly [code: number, codec: Codec<unknown>]>>;

/** A code outside the table, with its bytes as they came. */
export interface UnknownOption {
  readonly code: number;
  readonly value: Uint8Array;
}

/** The values that were present, by name; those of codes outside the table in `unknown`. */
export type TlvOf<R extends Rows> = { -readonly [N in keyof R]?: ValueOf<R[N][1]> | undefined } & {
  unknown?: readonly UnknownOption[];
};

interface Row {
  readonly name: string;
  readonly code: number;
  readonly codec: Codec<unknown>;
}

/** Both directions of a table: rows by code for reading, by name for writing. */
export function indexRows(rows: Rows, wrap: (codec: Codec<unknown>) => Codec<unknown> = (codec) => codec) {
  const byCode: (Row | undefined)[] = [];
  const byName = new Map<string, Row>();
  for (const [name, [code, codec]] of Object.entries(rows)) {
    if (name === "unknown") throw new TypeError("Cannot index rows: unknown is for codes outside the table");
    const taken = byCode[code]?.name;
    if (taken) throw new TypeError(`Cannot index rows: ${name} and ${taken} both have code ${code}`);
    const row = { name, code, codec: wrap(codec) };
    byCode[code] = row;
    byName.set(name, row);
  }
  return { byCode, byName };
}

/**
 * Options up to the end, each `code, size, value`. They are written in the order of the value's keys, the unknown
 * ones last. A known code that occurs twice is an error: one of the two would be lost.
 */
export function tlv<const R extends Rows>(
  rows: R,
  { code: codeCodec = u8, size: sizeCodec = u8 }: { code?: Codec<number>; size?: Codec<number> } = {},
): Codec<TlvOf<R>> {
  const { byCode, byName } = indexRows(rows, (codec) => prefixed(sizeCodec, codec));
  const raw = prefixed(sizeCodec, rest);

  return {
    decode(r) {
      const values: Record<string, unknown> = {};
      const unknown: UnknownOption[] = [];
      let row: Row | undefined;
      try {
        while (r.offset < r.end) {
          const start = r.offset;
          row = undefined;
          const code = codeCodec.decode(r);
          row = byCode[code];
          if (!row) unknown.push({ code, value: raw.decode(r) });
          else if (Object.hasOwn(values, row.name)) throw r.error("occurs twice", start);
          else values[row.name] = row.codec.decode(r);
        }
      } catch (thrown) {
        throw r.blame(thrown).inside(row?.name ?? `unknown[${unknown.length}]`);
      }
      if (unknown.length > 0) values["unknown"] = unknown;
      return values as TlvOf<R>;
    },

    encode(w, values) {
      for (const name in values) {
        const value: unknown = values[name as keyof typeof values];
        if (value === undefined || name === "unknown") continue;
        const row = byName.get(name);
        if (!row) throw w.error("is not in the table").inside(name);
        codeCodec.encode(w, row.code);
        try {
          row.codec.encode(w, value);
        } catch (thrown) {
          throw w.blame(thrown).inside(name);
        }
      }
      for (const { code, value } of values.unknown ?? []) {
        codeCodec.encode(w, code);
        raw.encode(w, value);
      }
    },
  };
}
