/** Time as this room sees it. Only a main.ts, a worker's entry and tests make one. */
export interface Clock {
  /** Milliseconds; of a wall clock, for leases and logs. */
  now(): number;
  /** Calls again and again until disposed. */
  every(ms: number, call: () => void): Disposable;
  /** Resolves after that time; rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
