// The type/length texts of SDRs and of FRU inventories. IPMI 2.0 §43.15, FRU Information Storage Definition §13.
import type { Codec } from "../../wire/codec.ts";

/** The upper two bits of the type/length byte. In FRUs 0 is binary, in SDRs Unicode, which nobody writes. */
const types = { binary: 0, bcdPlus: 1, sixBit: 2, latin1: 3 } as const;

const bcdDigits = "0123456789 -.???";

export const typedText: Codec<string> = {
  decode(r) {
    const head = r.bytes[r.take(1)]!;
    const data = r.view(head & 0x3f);
    switch (head >> 6) {
      case types.bcdPlus:
        return [...data]
          .map((byte) => bcdDigits[byte >> 4]! + bcdDigits[byte & 15]!)
          .join("")
          .trim();
      case types.sixBit:
        return sixBit(data).trim();
      case types.latin1:
        return Buffer.from(data).toString("latin1").replace(/\0.*$/s, "").trim();
      default:
        return Buffer.from(data).toString("hex");
    }
  },
  encode(w, text) {
    const data = Buffer.from(text, "latin1");
    // A single Latin-1 character would be 0xc1, which ends an area: §13 says to pad it.
    const padded = data.length === 1 ? Buffer.concat([data, Buffer.from(" ")]) : data;
    if (padded.length > 0x3f) throw w.error(`${padded.length} characters do not fit in 63`);
    const at = w.take(1 + padded.length);
    w.bytes[at] = (types.latin1 << 6) | padded.length;
    w.bytes.set(padded, at + 1);
  },
};

/** Four characters in three bytes, the first in the lowest bits; from space (0) to underscore (63). */
function sixBit(data: Uint8Array): string {
  let text = "";
  for (let bit = 0; bit + 6 <= data.length * 8; bit += 6) {
    const pair = data[bit >> 3]! | ((data[(bit >> 3) + 1] ?? 0) << 8);
    text += String.fromCharCode(0x20 + ((pair >> (bit & 7)) & 0x3f));
  }
  return text;
}
