import type { Clock } from "./clock.ts";

/** A deadline is looked at again this often, so that a jump of the machine's time is noticed within it. */
const lookAgainMs = 60_000;

/** `setTimeout` fires at once when asked for more than this. */
const longestTimeoutMs = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),

  after(delayMs, wake) {
    if (delayMs <= 0) return nextTurn(wake);
    const end = performance.now() + delayMs;
    return rearming(() => end - performance.now(), longestTimeoutMs, wake);
  },

  at(deadline, wake) {
    return rearming(() => deadline.getTime() - Date.now(), lookAgainMs, wake);
  },
};

function nextTurn(wake: () => void): Disposable {
  const immediate = setImmediate(wake);
  return { [Symbol.dispose]: () => clearImmediate(immediate) };
}

function rearming(remainingMs: () => number, longestMs: number, wake: () => void): Disposable {
  let timeout: NodeJS.Timeout;
  const arm = () => {
    // Rounded up: a timer that fires a fraction early would wake before its deadline.
    timeout = setTimeout(look, Math.min(Math.max(Math.ceil(remainingMs()), 0), longestMs));
  };
  const look = () => (remainingMs() > 0 ? arm() : wake());
  arm();
  return { [Symbol.dispose]: () => clearTimeout(timeout) };
}
