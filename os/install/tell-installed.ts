// Whoever had this machine installed waits to hear of it: until then it would have it installed again.
import { setTimeout as sleep } from "node:timers/promises";

export interface Telling {
  readonly fetch: typeof fetch;
  /** How often it is tried, every few seconds. */
  readonly tries: number;
  readonly failed: (reason: string) => void;
  readonly signal: AbortSignal;
}

const pauseMs = 3_000;
const patienceMs = 10_000;

/** Whether it was heard. */
export async function tellInstalled(
  url: string,
  { fetch, tries, failed, signal }: Telling,
): Promise<boolean> {
  for (let left = tries; left > 0; left--) {
    try {
      const stop = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
      const response = await fetch(url, { method: "POST", signal: stop });
      await response.body?.cancel();
      if (response.ok) return true;
      // It knows of no such installation any more: it need not hear of it.
      if (response.status < 500) {
        failed(`the server says ${response.status}`);
        return false;
      }
      failed(`the server says ${response.status}`);
    } catch (error) {
      signal.throwIfAborted();
      failed(error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error));
    }
    if (left > 1) await sleep(pauseMs, undefined, { signal });
  }
  return false;
}
