import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("turns are given first come, first served, and never more than the limit", async () => {
  const turns = new Turns(2);
  const order: number[] = [];
  const held: Disposable[] = [];
  const taking = [1, 2, 3, 4].map(async (who) => {
    held.push(await turns.take());
    order.push(who);
  });
  await Promise.all(taking.slice(0, 2));
  expect([order, turns.waiting]).toEqual([[1, 2], 2]);
  held[0]![Symbol.dispose]();
  held[0]![Symbol.dispose]();
  await taking[2];
  expect([order, turns.waiting]).toEqual([[1, 2, 3], 1]);
  held[1]![Symbol.dispose]();
  await taking[3];
  expect(order).toEqual([1, 2, 3, 4]);
});
