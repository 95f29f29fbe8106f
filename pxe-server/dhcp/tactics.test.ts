import { beforeEach, expect, test } from "vitest";
import { TacticBook } from "./tactics.ts";

let nowMs: number;
let book: TacticBook;
const dell = "18:66:da:00:00:01";
const vendorClass = "PXEClient:Arch:00007:UNDI:003016";
beforeEach(() => {
  nowMs = 0;
  book = new TacticBook({
    now: () => nowMs,
    every: () => ({ [Symbol.dispose]: () => {} }),
    sleep: () => Promise.reject(new Error("nobody sleeps here")),
  });
});
const ask = (mac = dell) => {
  nowMs += 4_000;
  return book.next(mac, vendorClass);
};

test("firmware that does not advance gets each kind of offer in turn", () => {
  expect(Array.from({ length: 10 }, () => ask())).toEqual([
    ...["offer", "offer"],
    ...["boot server", "boot server"],
    ...["plain offer", "plain offer"],
    ...["silence", "silence"],
    ...["offer", "offer"],
  ]);
});

test("a burst of one DISCOVER counts once", () => {
  ask();
  const burst = Array.from({ length: 10 }, () => book.next(dell, vendorClass));
  expect(new Set(burst)).toEqual(new Set(["offer"]));
});

test("what worked is kept, and is tried first with the next machine of that vendor", () => {
  for (let n = 0; n < 3; n++) ask();
  expect(book.advanced(dell)).toEqual({ tactic: "boot server", vendor: `18:66:da ${vendorClass}` });
  expect(book.advanced(dell)).toBeUndefined();
  expect(ask()).toBe("boot server");
  expect(ask("18:66:da:00:00:02")).toBe("boot server");
  expect(ask("52:54:00:00:00:01")).toBe("offer");
});

test("a machine that boots every day never changes its tactic", () => {
  for (let day = 0; day < 10; day++) {
    expect(ask()).toBe("offer");
    book.advanced(dell);
  }
});
