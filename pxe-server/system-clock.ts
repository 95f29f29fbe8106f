import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "./clock.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  every: (ms, call) => {
    const timer = setInterval(call, ms);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};
