import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scheduleOf } from "./schedule.ts";

const rack = { machines: ["a", "b"], networks: ["far"] };
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe("a schedule of chaos", () => {
  test("is the same for the same seed, and another for another", () => {
    const of = (seed: number) => scheduleOf({ ...rack, seed, minutes: 3 });
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  });

  test("is in order, ends in time, and breaks nothing that is broken", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const events = scheduleOf({ ...rack, seed, minutes: 5 });
        const whole = new Map<string, number>();
        let last = 0;
        for (const { atMs, what } of events) {
          expect(atMs).toBeGreaterThan(last);
          expect(atMs).toBeLessThan(5 * 60_000);
          last = atMs;
          if (!("forMs" in what)) continue;
          const victim = JSON.stringify({ ...what, forMs: 0, percent: 0 });
          expect(whole.get(victim) ?? 0).toBeLessThanOrEqual(atMs);
          whole.set(victim, atMs + what.forMs);
        }
      }),
    );
  });

  test("has everything that can go wrong, in the long run", () => {
    const kinds = scheduleOf({ ...rack, seed: 1, minutes: 60 }).map(({ what }) =>
      what.kind === "asked" ? what.action : what.kind,
    );
    expect(new Set(kinds).size).toBe(10);
  });
});
