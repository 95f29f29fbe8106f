import type { Clock } from "./clock.ts";

/** A clock that stands until it is moved: tests of minutes take no time, and none depends on the machine's speed. */
export interface ManualClock extends Clock {
  /** Moves on, running what falls due in the order in which it does. */
  advance(ms: number): void;
}

/** The same time for somebody whose waiting moves it on. */
export const movedByWaiting = (clock: ManualClock): Clock => ({
  now: () => clock.now(),
  after: (ms, call) => {
    queueMicrotask(() => {
      clock.advance(ms);
      call();
    });
    return { [Symbol.dispose]() {} };
  },
});

export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let now = start;
  const due = new Set<{ at: number; call: () => void }>();
  return {
    now: () => now,
    after: (ms, call) => {
      const entry = { at: now + ms, call };
      due.add(entry);
      return { [Symbol.dispose]: () => due.delete(entry) };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        due.delete(next);
        now = next.at;
        next.call();
      }
      now = end;
    },
  };
}
