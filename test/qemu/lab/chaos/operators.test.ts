import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Operators, type Wish } from "./operators.ts";

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const course = ["discovered", "wiping", "pool", "installing", "starting", "running", "releasing", "wiping"];

/** A machine goes through its stages, each for so long; whatever is asked is heard. */
function live(seed: number, lives: number, stageMs = 60_000): string[] {
  const operators = new Operators(seed, ["a"]);
  const asked: string[] = [];
  let nowMs = 0;
  for (let nth = 0; nth < lives; nth++)
    for (const stage of course)
      for (const endMs = nowMs + stageMs; nowMs < endMs; nowMs += 1_000) {
        const wish = operators.due("a", stage, nowMs);
        if (!wish) continue;
        asked.push(`${nth} ${wish} in ${stage}`);
        operators.heard("a", wish);
      }
  return asked;
}

describe("operators", () => {
  test("want the same by the same seed", () => {
    expect(live(7, 9)).toEqual(live(7, 9));
    expect(live(7, 9)).not.toEqual(live(8, 9));
  });

  test("assign a machine once in each life, and release it once, as far as it has come", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const asked = live(seed, 5);
        const fits = (nth: number) => [
          `${nth} assign in pool`,
          expect.stringMatching(new RegExp(`^${nth} release in (installing|starting|running)$`)),
        ];
        expect(asked).toEqual([0, 1, 2, 3, 4].flatMap(fits));
      }),
    );
  });

  test("release machines at every stage that is somebody's, and mostly at work", () => {
    const counts = { installing: 0, starting: 0, running: 0 };
    for (const line of live(1, 200)) {
      const stage = /release in (\w+)/.exec(line)?.[1] as keyof typeof counts | undefined;
      if (stage) counts[stage]++;
    }
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(10);
    expect(counts.running).toBeGreaterThan(counts.installing);
  });

  test("assign a machine as soon as it is in the pool for the first time", () => {
    const operators = new Operators(3, ["a", "b"]);
    expect(operators.due("a", "wiping", 0)).toBeUndefined();
    expect(operators.due("a", "pool", 50_000)).toBe("assign");
    expect(operators.due("b", "pool", 70_000)).toBe("assign");
  });

  test("ask again after a while what was refused or not heard, and not what was", () => {
    const operators = new Operators(3, ["a"]);
    const asked: (readonly [number, Wish])[] = [];
    for (let nowMs = 0; nowMs <= 10_000; nowMs += 1_000) {
      const wish = operators.due("a", "pool", nowMs);
      if (wish) asked.push([nowMs, wish]);
      if (nowMs === 6_000) operators.heard("a", "assign");
    }
    expect(asked.map(([atMs]) => atMs)).toEqual([0, 3_000, 6_000]);
  });

  test("go on with a machine that others have assigned or released meanwhile", () => {
    const operators = new Operators(3, ["a"]);
    operators.due("a", "installing", 0);
    operators.due("a", "running", 1_000);
    expect(operators.due("a", "running", 60_000)).toBe("release");
    operators.due("a", "pool", 61_000);
    expect(operators.due("a", "pool", 120_000)).toBe("assign");
  });
});
