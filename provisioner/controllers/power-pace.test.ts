import { expect, test } from "vitest";
import { PowerPace } from "./power-pace.ts";

test("a few machines have their turn at once, many one after another", () => {
  let nowMs = 0;
  const pace = new PowerPace({ elapsedMs: () => nowMs }, { perSecond: 20, burst: 20 });
  const turnOn = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const waitMs = pace.waitMs(`m${index}`);
      pace.leave(`m${index}`);
      return waitMs;
    });
  expect(turnOn(20)).toEqual(Array.from({ length: 20 }, () => 0));
  expect(pace.waitMs("late")).toBe(50);
  expect(pace.waitMs("later")).toBe(100);
  // Asking again does not bring it to the end of the line.
  expect(pace.waitMs("late")).toBe(50);
  nowMs = 70;
  expect(pace.waitMs("late")).toBe(0);
  expect(pace.waitMs("later")).toBe(30);
  pace.leave("late");
  expect(pace.waitMs("late")).toBe(80);
  nowMs = 60_000;
  expect(turnOn(20)).toEqual(Array.from({ length: 20 }, () => 0));
  expect(pace.waitMs("other")).toBe(50);
});
