import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sleep } from "../clock.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { backOffMs } from "./back-off.ts";
import { Turn } from "./turn.ts";
import { WorkQueue, type WorkQueueOptions } from "./work-queue.ts";

const never = new AbortController().signal;
const backOff = { firstMs: 100, longestMs: 1000 };

function queueOf(clock: VirtualClock, options: Partial<WorkQueueOptions>): WorkQueue {
  return new WorkQueue({
    clock,
    turn: new Turn(clock),
    random: () => 1,
    backOff,
    concurrency: 1,
    work: async () => undefined,
    onFailure: () => undefined,
    ...options,
  });
}

describe("the work queue", () => {
  test("never works on a key twice at once, respects its width, and ends after the last change", async () => {
    const scenario = fc.record({
      width: fc.integer({ min: 1, max: 4 }),
      adds: fc.array(fc.record({ atMs: fc.nat(300), key: fc.constantFrom("a", "b", "c", "d", "e") }), {
        minLength: 1,
        maxLength: 60,
        size: "max",
      }),
      durations: fc.array(fc.nat(40), { minLength: 1, maxLength: 10 }),
      failing: fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ width, adds, durations, failing }) => {
        const clock = new VirtualClock();
        const atWork = new Set<string>();
        const lastBegun = new Map<string, number>();
        const lastAdded = new Map<string, number>();
        let runs = 0;
        const queue = queueOf(clock, {
          concurrency: width,
          async work(key) {
            expect(atWork).not.toContain(key);
            atWork.add(key);
            expect(atWork.size).toBeLessThanOrEqual(width);
            lastBegun.set(key, clock.elapsedMs());
            const run = runs++;
            await sleep(clock, durations[run % durations.length]!, never);
            atWork.delete(key);
            if (run < 100 && failing[run % failing.length]) throw new Error("for the test");
            return undefined;
          },
        });
        for (const { atMs, key } of adds) {
          clock.after(atMs, () => {
            lastAdded.set(key, clock.elapsedMs());
            queue.add(key);
          });
        }
        await clock.run();
        expect([queue.depth, queue.running, atWork.size]).toEqual([0, 0, 0]);
        for (const [key, added] of lastAdded) expect(lastBegun.get(key)).toBeGreaterThanOrEqual(added);
      }),
    );
  });

  test("has a key that changes while it is worked on done exactly once more", async () => {
    const clock = new VirtualClock();
    let runs = 0;
    const queue = queueOf(clock, {
      async work() {
        runs++;
        await sleep(clock, 10, never);
        return undefined;
      },
    });
    queue.add("key");
    await clock.advance(5);
    for (let change = 0; change < 10; change++) queue.add("key");
    await clock.run();
    expect(runs).toBe(2);
  });

  test("retries later and later, forgets the failures after a success, and goes at once when something changes", async () => {
    const clock = new VirtualClock({ start: new Date(0) });
    const tries: [at: number, failures: number][] = [];
    const queue = queueOf(clock, {
      async work(_, failures) {
        tries.push([clock.elapsedMs(), failures]);
        if (tries.length < 7) throw new Error("for the test");
        return undefined;
      },
    });
    queue.add("key");
    await clock.advance(1550);
    queue.add("key");
    await clock.run();
    queue.add("key");
    await clock.run();
    expect(tries).toEqual([
      [0, 0],
      [100, 1],
      [300, 2],
      [700, 3],
      [1500, 4],
      [1550, 5],
      [2550, 6],
      [2550, 0],
    ]);
  });

  test("does not spin when what fails keeps changing", async () => {
    const clock = new VirtualClock({ start: new Date(0) });
    const tries: number[] = [];
    const queue = queueOf(clock, {
      async work(key) {
        if (tries.push(clock.elapsedMs()) > 4) return undefined;
        queue.add(key);
        if (tries.length < 4) throw new Error("for the test");
        return undefined;
      },
    });
    queue.add("key");
    await clock.run();
    expect(tries).toEqual([0, 100, 300, 700, 700]);
  });

  test("looks again at a deadline, unless a change comes first and says otherwise", async () => {
    const clock = new VirtualClock({ start: new Date(0) });
    const tries: number[] = [];
    const deadlines = [new Date(1000), new Date(5000), undefined];
    const queue = queueOf(clock, {
      work: async () => deadlines[tries.push(clock.elapsedMs()) - 1],
    });
    queue.add("key");
    await clock.advance(500);
    queue.add("key");
    await clock.run();
    expect(tries).toEqual([0, 500, 5000]);
  });

  test("looks again in time though the clock was set back meanwhile", async () => {
    const clock = new VirtualClock({ start: new Date(0) });
    let setBackMs = 0;
    const tries: number[] = [];
    const queue = queueOf(clock, {
      clock: {
        now: () => new Date(clock.now().getTime() - setBackMs),
        elapsedMs: () => clock.elapsedMs(),
        after: (delayMs, wake) => clock.after(delayMs, wake),
        at: (deadline, wake) => clock.after(deadline.getTime() - clock.elapsedMs() + 3_600_000, wake),
      },
      work: async () => (tries.push(clock.elapsedMs()) === 1 ? new Date(60_000) : undefined),
    });
    queue.add("key");
    await clock.advance(1000);
    setBackMs = 3_600_000;
    await clock.run();
    expect(tries).toEqual([0, 60_000]);
  });

  test("closes when what runs has ended, and starts nothing more", async () => {
    const clock = new VirtualClock();
    const ended: string[] = [];
    const queue = queueOf(clock, {
      concurrency: 2,
      async work(key) {
        await sleep(clock, 10, never);
        ended.push(key);
        if (key === "b") throw new Error("for the test");
        return clock.now();
      },
    });
    for (const key of ["a", "b", "c"]) queue.add(key);
    queue.add("a");
    let closed = false;
    const closing = queue.close().then(() => (closed = true));
    queue.add("d");
    await clock.advance(9);
    expect([closed, ended]).toEqual([false, []]);
    await clock.run();
    await closing;
    expect([ended, clock.pending]).toEqual([["a", "b"], 0]);
  });

  test("lets others go first when it has kept the event loop for long", async () => {
    let now = 0;
    const turns: (() => void)[] = [];
    const clock = Object.assign(new VirtualClock(), {
      elapsedMs: () => now,
      after: (_: number, wake: () => void) => {
        turns.push(wake);
        return { [Symbol.dispose]: () => undefined };
      },
    });
    let runs = 0;
    const queue = queueOf(clock, {
      async work() {
        runs++;
        now += 2;
        return undefined;
      },
    });
    for (let key = 0; key < 100; key++) queue.add(`${key}`);
    const pauses: number[] = [];
    while (pauses.at(-1) !== 100) {
      await new Promise((resolve) => setImmediate(resolve));
      pauses.push(runs);
      turns.shift()?.();
    }
    expect(pauses.slice(0, 3)).toEqual([3, 6, 9]);
  });
});

test("a back-off stays between half of its step and the step, and below its longest", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, part) => {
        const delayMs = backOffMs(backOff, failures, () => part);
        const step = Math.min(100 * 2 ** (failures - 1), 1000);
        expect(delayMs).toBeGreaterThanOrEqual(step / 2);
        expect(delayMs).toBeLessThanOrEqual(step);
      },
    ),
  );
});
