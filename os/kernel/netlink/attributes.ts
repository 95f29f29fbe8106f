// Netlink attributes (RFC 3549 §2.3.2.4 and Linux, Documentation/userspace-api/netlink/intro.rst): size, type, value,
// padded to four bytes, in the machine's byte order. Kernels add attributes all the time: unknown ones are passed over.
import { type Codec, decodeWithin, type ValueOf } from "../../../wire/codec.ts";
import { u16le } from "../../../wire/integers.ts";
import { indexRows, type Rows } from "../../../wire/tlv.ts";

export type AttributesOf<R extends Rows> = { -readonly [N in keyof R]?: ValueOf<R[N][1]> | undefined };

const headerSize = 4;
/** The upper bits say "nested" and "network order": the table knows both, but newer families ask to be told. */
const typeMask = 0x3fff;
const nestedFlag = 0x8000;
const nestedCodecs = new WeakSet<Codec<unknown>>();

/** Attributes up to the end. Adding one is adding a row. */
export function attributes<const R extends Rows>(rows: R): Codec<AttributesOf<R>> {
  const { byCode, byName } = indexRows(rows);
  return {
    decode(r) {
      const values: Record<string, unknown> = {};
      while (r.left >= headerSize) {
        const start = r.offset;
        const size = u16le.decode(r);
        const row = byCode[u16le.decode(r) & typeMask];
        if (size < headerSize) throw r.error(`an attribute of ${size} bytes`, start);
        try {
          if (row) values[row.name] = decodeWithin(r, size - headerSize, row.codec);
          else r.take(size - headerSize);
        } catch (thrown) {
          throw r.blame(thrown).inside(row?.name ?? "unknown");
        }
        // The last one may come without its padding.
        r.take(Math.min(paddingOf(size), r.left));
      }
      r.take(r.left);
      return values as AttributesOf<R>;
    },
    encode(w, values) {
      for (const [name, value] of Object.entries(values)) {
        if (value === undefined) continue;
        const row = byName.get(name);
        if (!row) throw w.error("is not in the table").inside(name);
        const start = w.take(headerSize);
        row.codec.encode(w, value);
        const size = w.offset - start;
        const view = new DataView(w.bytes.buffer, w.bytes.byteOffset);
        view.setUint16(start, size, true);
        view.setUint16(start + 2, nestedCodecs.has(row.codec) ? row.code | nestedFlag : row.code, true);
        for (let left = paddingOf(size); left > 0; left--) {
          const at = w.take(1);
          w.bytes[at] = 0;
        }
      }
    },
  };
}

/** Attributes within one, for families that want them marked. */
export function nested<T>(codec: Codec<T>): Codec<T> {
  const marked = { ...codec };
  nestedCodecs.add(marked);
  return marked;
}

/** Values whose types only count them, from 0; or are all the same. */
export function attributeList<T>(
  item: Codec<T>,
  { code }: { readonly code?: number } = {},
): Codec<readonly T[]> {
  return {
    decode(r) {
      const values: T[] = [];
      while (r.left >= headerSize) {
        const start = r.offset;
        const size = u16le.decode(r);
        r.take(2);
        if (size < headerSize) throw r.error(`an attribute of ${size} bytes`, start);
        values.push(decodeWithin(r, size - headerSize, item));
        r.take(Math.min(paddingOf(size), r.left));
      }
      return values;
    },
    encode: (w, values) =>
      values.forEach((value, at) => {
        attributes({ item: [code ?? at, item] }).encode(w, { item: value });
      }),
  };
}

const paddingOf = (size: number) => -size & 3;
