import type { Codec } from "./codec.ts";
import { u8, u16, u16le, u24, u24le, u32, u32le } from "./integers.ts";

/** The numbers that can carry bit fields; without another wish, the first of a width. */
const carriers: readonly (readonly [width: number, codec: Codec<number>])[] = [
  [8, u8],
  [16, u16],
  [24, u24],
  [32, u32],
  [16, u16le],
  [24, u24le],
  [32, u32le],
];

/**
 * Bit fields, most significant first, as protocol drawings show them: `bits({ version: 4, headerWords: 4 })`.
 * The widths add up to 8, 16, 24 or 32; for another byte order give the carrier: `bits({…}, u16le)`.
 */
export function bits<const F extends Readonly<Record<string, number>>>(
  widths: F,
  carrier?: Codec<number>,
): Codec<{ -readonly [K in keyof F]: number }> {
  const total = Object.values(widths).reduce((sum, width) => sum + width, 0);
  const [width, whole] =
    carriers.find(([width, codec]) => (carrier ? codec === carrier : width === total)) ?? [];
  if (!whole) throw new TypeError(`Cannot lay out bits: ${total} bits fill no number of 8, 16, 24 or 32`);
  if (width !== total)
    throw new TypeError(`Cannot lay out bits: ${total} bits do not fill a number of ${width}`);

  let shift = total;
  const fields = Object.entries(widths).map(([name, width]) => {
    shift -= width;
    return { name, shift, most: 2 ** width - 1 };
  });

  return {
    decode(r) {
      const word = whole.decode(r);
      const value: Record<string, number> = {};
      for (const { name, shift, most } of fields) value[name] = ((word >>> shift) & most) >>> 0;
      return value as { -readonly [K in keyof F]: number };
    },
    encode(w, value) {
      let word = 0;
      for (const { name, shift, most } of fields) {
        const part = value[name]!;
        if (!Number.isInteger(part) || part < 0 || part > most) {
          throw w.error(`${part} is not a whole number from 0 to ${most}`).inside(name);
        }
        word |= part << shift;
      }
      whole.encode(w, word >>> 0);
    },
  };
}
