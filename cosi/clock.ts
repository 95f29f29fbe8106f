/** Time, as everything below a main.ts sees it. */
export interface Clock {
  /** What time it is. It may jump when the machine's time is set. */
  now(): Date;
  /** Milliseconds since some fixed moment. It never jumps: durations are measured and waited by it. */
  elapsedMs(): number;
  /** Calls `wake` once, when the time has passed (0: after all that is already due); disposing of the timer before cancels it. */
  after(delayMs: number, wake: () => void): Disposable;
  /** Calls `wake` once, when `now()` has reached the deadline; disposing of the timer before cancels it. */
  at(deadline: Date, wake: () => void): Disposable;
}

/** Resolves when the time has passed; rejects with the signal's reason if it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return waitFor((wake) => clock.after(delayMs, wake), signal);
}

/** Resolves at the deadline; rejects with the signal's reason if it aborts first. */
export function sleepUntil(clock: Clock, deadline: Date, signal: AbortSignal): Promise<void> {
  return waitFor((wake) => clock.at(deadline, wake), signal);
}

function waitFor(start: (wake: () => void) => Disposable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const abort = () => {
      timer[Symbol.dispose]();
      reject(signal.reason as Error);
    };
    const timer = start(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
    signal.addEventListener("abort", abort, { once: true });
  });
}
