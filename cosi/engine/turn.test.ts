import { expect, test } from "vitest";
import { VirtualClock } from "../virtual-clock.ts";
import { Turn } from "./turn.ts";

test("who has used up the turn waits for the next one, behind those who had none of it", async () => {
  const clock = new VirtualClock();
  let spentMs = 0;
  const turn = new Turn({
    after: (ms, call) => clock.after(ms, call),
    elapsedMs: () => clock.elapsedMs() + spentMs,
  });
  const done: string[] = [];
  const worker = (name: string, left = 3) =>
    function work(): void {
      for (; left > 0; left--) {
        if (turn.isOver) return turn.next(work);
        spentMs += 10;
        done.push(name);
      }
    };
  for (const work of [worker("a"), worker("b")]) work();
  await clock.advance(100);
  expect(done).toEqual(["a", "a", "b", "a", "b", "b"]);
});
