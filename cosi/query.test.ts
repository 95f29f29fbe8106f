import { expect, test } from "vitest";
import { atMost, below, equal, exists, type LabelTerm, matches, not, oneOf, type Query } from "./query.ts";

const machine = { id: "m-17", labels: { rack: "r1", memory: "16 GiB", slots: "8", zone: "b" } };
const term = (op: "lt" | "lte" | "ltNumeric", label: string, value: string): LabelTerm => ({
  op,
  label,
  value,
});

const terms: [LabelTerm, boolean][] = [
  [exists("rack"), true],
  [exists("gone"), false],
  [exists("constructor"), false],
  [not(exists("gone")), true],
  [{ op: "notExists", label: "gone" }, true],
  [{ op: "notExists", label: "rack" }, false],
  [equal("rack", "r1"), true],
  [equal("rack", "r2"), false],
  [not(equal("rack", "r2")), true],
  [not(equal("gone", "r2")), true],
  [oneOf("rack", ["r0", "r1"]), true],
  [oneOf("rack", []), false],
  [not(oneOf("rack", ["r0"])), true],
  [term("lt", "zone", "c"), true],
  [term("lt", "zone", "b"), false],
  [term("lte", "zone", "b"), true],
  [term("lt", "slots", "10"), false],
  [below("slots", 10), true],
  [below("slots", 8), false],
  [atMost("slots", 8), true],
  [not(atMost("slots", 7)), true],
  [term("ltNumeric", "memory", "17GB"), false],
  [term("ltNumeric", "memory", "18GB"), true],
  // A comparison that makes no sense does not hold, however it is asked.
  [below("rack", 1), false],
  [not(below("rack", 1)), false],
  [not(below("gone", 1)), true],
];
test.each(terms)("%j holds: %s", (term, holds) => {
  expect(matches({ labels: [term] }, machine)).toBe(holds);
});

const queries: [string, Query, boolean][] = [
  ["nothing is asked", {}, true],
  ["all terms hold", { labels: [exists("rack"), equal("zone", "b")] }, true],
  ["one term does not hold", { labels: [exists("rack"), equal("zone", "c")] }, false],
  ["one group holds", { anyOf: [[exists("gone")], [exists("rack")]] }, true],
  ["no group holds", { anyOf: [[exists("gone")], [exists("rack"), exists("gone")]] }, false],
  ["there are no groups", { anyOf: [] }, true],
  ["the id fits", { id: /^m-\d+$/ }, true],
  ["the id does not fit", { id: /^n/ }, false],
  ["the id fits, and a term does not hold", { id: /17/, labels: [exists("gone")] }, false],
];
test.each(queries)("when %s", (_, query, meant) => {
  expect(matches(query, machine)).toBe(meant);
});

test("a global pattern means the same ids every time", () => {
  const query = { id: /m/g };
  expect([1, 2, 3].map(() => matches(query, machine))).toEqual([true, true, true]);
});
