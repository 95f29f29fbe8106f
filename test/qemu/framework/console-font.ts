import { readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";

/** Where a kernel's image has its compressed part (Linux, Documentation/arch/x86/boot.rst). */
const header = { setupSectors: 0x1f1, payloadOffset: 0x248, payloadSize: 0x24c } as const;
/** The payload ends with the size of what is in it. */
const sizeBytes = 4;

export const glyph = { width: 8, height: 16 } as const;
/** By which the font is found: nothing else in a kernel begins with the letter A as it is drawn on a screen. */
const letterA = Buffer.from("000010386cc6c6fec6c6c6c600000000", "hex");

/** The letters that a kernel draws where there is no text mode, by their rows of pixels in hexadecimal. */
export function consoleFont(kernel: string): ReadonlyMap<string, string> {
  const image = readFileSync(kernel);
  const start = (image[header.setupSectors]! + 1) * 512 + image.readUInt32LE(header.payloadOffset);
  const end = start + image.readUInt32LE(header.payloadSize) - sizeBytes;
  const unpacked = zstdDecompressSync(image.subarray(start, end));
  const found = unpacked.indexOf(letterA);
  if (found < 0) throw new Error(`Cannot find the console's font in ${kernel}`);
  const font = found - "A".charCodeAt(0) * glyph.height;
  const printable = Array.from({ length: 0x7f - 0x20 }, (_, nth) => 0x20 + nth);
  return new Map(
    printable.map((code) => {
      const at = font + code * glyph.height;
      return [unpacked.toString("hex", at, at + glyph.height), String.fromCharCode(code)];
    }),
  );
}
