import { glyph } from "./console-font.ts";

/** Brighter than this is ink: a console's letters are grey on black. */
const ink = 64;
const unreadable = "\ufffd";

/** What is written on a picture of a screen (a PPM file), letter by letter; what is no letter of the font is U+FFFD. */
export function pictureText(picture: Buffer, font: ReadonlyMap<string, string>): string {
  const [header, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(picture.toString("latin1", 0, 64)) ?? [];
  if (header === undefined) throw new Error("Cannot read the picture: it is no PPM file of bytes");
  const pixels = picture.subarray(header.length);
  const rowBytes = Number(width) * 3;
  const letter = (column: number, line: number): string => {
    const rows = Array.from({ length: glyph.height }, (_, y) => {
      const at = (line * glyph.height + y) * rowBytes + column * glyph.width * 3;
      let bits = 0;
      for (let x = 0; x < glyph.width; x++) bits = (bits << 1) | (pixels[at + x * 3 + 1]! > ink ? 1 : 0);
      return bits;
    });
    return font.get(Buffer.from(rows).toString("hex")) ?? unreadable;
  };
  const columns = Math.floor(Number(width) / glyph.width);
  const lines = Math.floor(Number(height) / glyph.height);
  return Array.from({ length: lines }, (_, line) =>
    Array.from({ length: columns }, (_, column) => letter(column, line))
      .join("")
      .trimEnd(),
  ).join("\n");
}
