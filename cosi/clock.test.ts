import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { sleep, sleepUntil } from "./clock.ts";
import { systemClock } from "./system-clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

const never = new AbortController().signal;

describe("the virtual clock", () => {
  test("fires timers in the order of their moments, and those of one moment in the order they were set", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 200, size: "max" }), async (delays) => {
        const clock = new VirtualClock();
        const start = clock.elapsedMs();
        const fired: { delay: number; index: number; at: number }[] = [];
        delays.forEach((delay, index) => {
          clock.after(delay, () => fired.push({ delay, index, at: clock.elapsedMs() - start }));
        });
        await clock.run();
        const expected = delays
          .map((delay, index) => ({ delay, index, at: delay }))
          .sort((a, b) => a.delay - b.delay || a.index - b.index);
        expect(fired).toEqual(expected);
      }),
    );
  });

  test("never fires a cancelled timer, however many there were", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 400, size: "max" }),
        async (timers) => {
          const clock = new VirtualClock();
          const fired: number[] = [];
          const set = timers.map(([delay], index) => clock.after(delay, () => fired.push(index)));
          timers.forEach(([, cancel], index) => {
            if (cancel) set[index]![Symbol.dispose]();
          });
          const kept = timers.flatMap(([, cancel], index) => (cancel ? [] : [index]));
          expect(clock.pending).toBe(kept.length);
          await clock.run();
          expect(fired.toSorted((a, b) => a - b)).toEqual(kept);
          expect(clock.pending).toBe(0);
        },
      ),
    );
  });

  test("lets whoever was woken go on before the next moment comes", async () => {
    const clock = new VirtualClock({ start: new Date(0) });
    const seen: string[] = [];
    const walker = async (name: string, stepMs: number) => {
      for (let step = 0; step < 3; step++) {
        await sleep(clock, stepMs, never);
        seen.push(`${name} at ${clock.elapsedMs()}`);
      }
    };
    const walkers = [walker("slow", 10), walker("fast", 4)];
    await clock.advance(12);
    expect(seen).toEqual(["fast at 4", "fast at 8", "slow at 10", "fast at 12"]);
    expect(clock.next).toEqual(new Date(20));
    await clock.run();
    await Promise.all(walkers);
    expect(clock.now()).toEqual(new Date(30));
  });

  test("stops when it is told that enough has happened", async () => {
    const clock = new VirtualClock({ start: new Date(0) });
    let ticks = 0;
    const tick = () => {
      ticks++;
      clock.after(1000, tick);
    };
    tick();
    await clock.run(() => ticks === 5);
    expect([ticks, clock.now()]).toEqual([5, new Date(4000)]);
  });
});

describe("sleeping", () => {
  test("ends with the signal's reason, and leaves no timer behind", async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const asleep = [sleep(clock, 1000, stop.signal), sleepUntil(clock, new Date("2027-01-01"), stop.signal)];
    expect(clock.pending).toBe(2);
    stop.abort(new Error("enough"));
    for (const sleeper of asleep) await expect(sleeper).rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
  });

  test("does not begin when the signal has already aborted", async () => {
    const clock = new VirtualClock();
    await expect(sleep(clock, 1000, AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
    expect(clock.pending).toBe(0);
  });
});

describe("the system clock", () => {
  test("waits out a delay, and a deadline that is past at once", async () => {
    const start = systemClock.elapsedMs();
    await sleep(systemClock, 5, never);
    expect(systemClock.elapsedMs() - start).toBeGreaterThanOrEqual(5);
    await sleepUntil(systemClock, new Date(0), never);
  });

  test("notices within a minute that the machine's time was set", () => {
    vi.useFakeTimers({ now: 0 });
    try {
      const wake = vi.fn<() => void>();
      systemClock.at(new Date("2026-01-01"), wake);
      vi.advanceTimersByTime(60_000);
      expect(wake).not.toHaveBeenCalled();
      vi.setSystemTime(new Date("2026-06-01"));
      vi.advanceTimersByTime(60_000);
      expect(wake).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });

  test("does not take a delay of months for none", () => {
    vi.useFakeTimers();
    try {
      const wake = vi.fn<() => void>();
      const monthsMs = 90 * 24 * 3_600_000;
      systemClock.after(monthsMs, wake);
      vi.advanceTimersByTime(monthsMs - 1);
      expect(wake).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(wake).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });
});
