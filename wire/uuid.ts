import { hexByte } from "./addresses.ts";
import type { Codec } from "./codec.ts";

/** RFC 9562 §4: every byte in the order in which it is written. */
export const uuid: Codec<string> = uuidInOrder([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

/** SMBIOS §7.2.1 and EFI: the first three fields are little-endian, as PXE firmware sends them in option 97. */
export const uuidMixed: Codec<string> = uuidInOrder([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]);

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const dashBefore = new Set([4, 6, 8, 10]);

/** `order[n]` is where on the wire the n-th written byte stands. */
function uuidInOrder(order: readonly number[]): Codec<string> {
  return {
    decode(r) {
      const at = r.take(16);
      let text = "";
      for (let index = 0; index < 16; index++) {
        if (dashBefore.has(index)) text += "-";
        text += hexByte[r.bytes[at + order[index]!]!];
      }
      return text;
    },
    encode(w, value) {
      if (!form.test(value)) throw w.error(`"${value}" is not a UUID`);
      const digits = value.replaceAll("-", "");
      const at = w.take(16);
      for (let index = 0; index < 16; index++) {
        w.bytes[at + order[index]!] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
      }
    },
  };
}
