import { expect, test } from "vitest";
import { glyph } from "./console-font.ts";
import { pictureText } from "./picture-text.ts";

const font = new Map([
  ["00".repeat(16), " "],
  [`0018${"66".repeat(14)}`, "A"],
  [`3c${"81".repeat(15)}`, "o"],
]);

/** A picture with these letters on it, grey on black; `#` is a letter that nobody knows. */
function drawn(lines: readonly string[]): Buffer {
  const width = Math.max(...lines.map((line) => line.length)) * glyph.width;
  const height = lines.length * glyph.height;
  const pixels = Buffer.alloc(width * height * 3);
  const rowsOf = (letter: string) =>
    Buffer.from([...font].find(([, it]) => it === letter)?.[0] ?? "ff".repeat(16), "hex");
  for (const [line, text] of lines.entries())
    for (const [column, letter] of text.split("").entries())
      for (const [y, row] of rowsOf(letter).entries())
        for (let x = 0; x < glyph.width; x++)
          if ((row >> (7 - x)) & 1) {
            const at = ((line * glyph.height + y) * width + column * glyph.width + x) * 3;
            pixels.fill(170, at, at + 3);
          }
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]);
}

test("a picture of a screen is read letter by letter", () => {
  expect(pictureText(drawn(["Ao A", "  o#", "    "]), font)).toBe("Ao A\n  o\ufffd\n");
});

test("what is no picture is not read", () => {
  expect(() => pictureText(Buffer.from("GIF89a"), font)).toThrow(/no PPM/);
});
