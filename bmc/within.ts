import type { Clock } from "./clock.ts";

export interface Limits {
  readonly clock: Clock;
  readonly ms: number;
  /** For the message. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The outcome of `work`, or an error when it takes too long or the signal aborts. It is not waited for then: it is told by
 * its own signal, and a BMC that answers for ever ends when whoever began it closes the connection.
 */
export async function within<T>(
  { clock, ms, what, signal }: Limits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const tooLate = new AbortController();
  const ended = signal ? AbortSignal.any([signal, tooLate.signal]) : tooLate.signal;
  using _ = clock.after(ms, () =>
    tooLate.abort(new Error(`Cannot finish ${what}: the BMC took longer than ${ms / 1_000} s`)),
  );
  ended.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(ended.reason);
  ended.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work(ended), aborted.promise]);
  } finally {
    ended.removeEventListener("abort", abort);
  }
}
