import type { Clock } from "./clock.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
