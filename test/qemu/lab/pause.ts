import { setTimeout as delay } from "node:timers/promises";

/** Ends at the signal too. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => {});
