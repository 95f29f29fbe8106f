/** Time as this room sees it. Only a main.ts and tests make one. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls once after that time, unless disposed before. */
  after(ms: number, call: () => void): Disposable;
}

/** Resolves after that time; rejects with the signal's reason when it aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      timer[Symbol.dispose]();
      reject(signal!.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}
