import type { Codec } from "./codec.ts";
import { hexByte, parseHexByte } from "./hex.ts";

/** RFC 9562 §4: every byte in the order in which it is written. */
export const uuid: Codec<string> = uuidInOrder([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

/** SMBIOS §7.2.1 and EFI: the first three fields are little-endian, as PXE firmware sends them in option 97. */
export const uuidMixed: Codec<string> = uuidInOrder([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]);

/** Where in the text the digits of each written byte stand. */
const textAt = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const dashAt = [8, 13, 18, 23];

/** What each written byte adds to the text: its digits, with a dash before where one belongs. */
const dashed = hexByte.map((digits) => `-${digits}`);
const spelling = textAt.map((at) => (dashAt.includes(at - 1) ? dashed : hexByte));

/** `order[n]` is where on the wire the n-th written byte stands. */
function uuidInOrder(order: readonly number[]): Codec<string> {
  return {
    decode(r) {
      const at = r.take(16);
      const { bytes: b } = r;
      let text = "";
      for (let n = 0; n < 16; n++) text += spelling[n]![b[at + order[n]!]!]!;
      return text;
    },
    encode(w, value) {
      const at = w.take(16);
      let valid = value.length === 36 && dashAt.every((index) => value[index] === "-");
      for (let n = 0; n < 16; n++) {
        const byte = parseHexByte(value, textAt[n]!);
        if (byte < 0) valid = false;
        w.bytes[at + order[n]!] = byte;
      }
      if (!valid) throw w.error(`"${value}" is not a UUID`, at);
    },
  };
}
