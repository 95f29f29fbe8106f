import { expect, test } from "vitest";
import { isLike } from "./pattern.ts";

test.each([
  ["Dell Inc.", "dell*", true],
  ["Dell Inc.", "dell", false],
  ["PowerEdge R650", "*r6?0*", true],
  ["PowerEdge R650", "*r6??0", false],
  ["", "*", true],
  ["", "", true],
  ["", "?", false],
  ["a*b", "a*b", true],
  ["mississippi", "m*iss*ip*", true],
  ["mississippi", "*iss?ip", false],
  ["x", "x**", true],
])("%j is like %j: %s", (text, pattern, expected) => {
  expect(isLike(text, pattern)).toBe(expected);
});

test("no text makes a pattern run for long", () => {
  expect(isLike("a".repeat(5000), `${"*a".repeat(500)}b`)).toBe(false);
});
