import { expect, test } from "vitest";
import { nextSequence, SequenceWindow } from "./sequence-window.ts";

test.each<[string, readonly (readonly [sequence: number, accepted: boolean])[]]>([
  [
    "takes numbers in order",
    [
      [1, true],
      [2, true],
      [3, true],
    ],
  ],
  [
    "refuses a replay",
    [
      [1, true],
      [1, false],
    ],
  ],
  [
    "takes what overtook each other, once",
    [
      [3, true],
      [1, true],
      [2, true],
      [2, false],
      [1, false],
    ],
  ],
  [
    "refuses what is too old",
    [
      [20, true],
      [50, true],
      [19, false],
    ],
  ],
  [
    "refuses what is too far ahead",
    [
      [1, true],
      [33, false],
      [32, true],
    ],
  ],
])("a window %s", (_, steps) => {
  const window = new SequenceWindow();
  for (const [sequence, accepted] of steps) expect(window.accept(sequence), String(sequence)).toBe(accepted);
});

test("numbers skip zero when they wrap", () => {
  expect([nextSequence(0), nextSequence(0xffff_ffff)]).toEqual([1, 1]);
});
