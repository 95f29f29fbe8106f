import { expect, test } from "vitest";
import { printable } from "./printable.ts";

test.each([
  ["a line of its own", "S1\ningot: ready", "S1 ingot: ready"],
  ["a line over ours", "S1\r\u001b[1Aingot: ready", "S1 [1Aingot: ready"],
  ["a screen without us", "\u001b[2J\u001b[H S1", " [2J [H S1"],
  ["the same in one character", "\u009b2JS1", " 2JS1"],
  ["a title, or a question that the terminal answers", "\u001b]0;x\u0007\u001b[6n", " ]0;x [6n"],
  ["letters rubbed out", "S2\u0008\u007f1", "S2 1"],
  ["an end for those who count to zero", "S1\u0000/../x", "S1 /../x"],
  ["text turned around", "\u202egnp.exe\u202c \u2066x\u2069 \u200f", " gnp.exe   x   "],
  ["lines that only some see", "a\u2028b\u2029c\u0085d", "a b c d"],
])("%s does not come of what a machine says", (_, said, shown) => {
  expect(printable(said)).toBe(shown);
});

test("words stay as they are, in any script", () => {
  for (const text of ["Gerät 7: läuft", "主板 №1", "<b>x</b> 100 % \"q\" 'a' \\n", "🦊", ""]) {
    expect(printable(text)).toBe(text);
  }
});
