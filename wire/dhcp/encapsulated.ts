// Options inside an option (RFC 2132 §8.4): the framing of options 43 (PXE) and 175 (iPXE), with pad and end.
import type { Codec } from "../codec.ts";
import { type Rows, type TlvOf, tlv } from "../tlv.ts";

const pad = 0;
const end = 255;

/** Written with an end, which PXE firmware demands; read with or without one, as iPXE sends none. */
export function encapsulated<const R extends Rows>(rows: R): Codec<TlvOf<R>> {
  const options = tlv(rows);
  return {
    decode(r) {
      const outerEnd = r.end;
      r.end = endOf(r.bytes, r.offset, r.end);
      const values = options.decode(r);
      r.end = outerEnd;
      r.offset = outerEnd;
      return values;
    },
    encode(w, values) {
      options.encode(w, values);
      const at = w.take(1);
      w.bytes[at] = end;
    },
  };
}

/** Where the first end or pad stands that is no part of an option. Nothing follows it but more of them. */
function endOf(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit && bytes[at] !== pad && bytes[at] !== end) at += 2 + (bytes[at + 1] ?? 0);
  return Math.min(at, limit);
}
