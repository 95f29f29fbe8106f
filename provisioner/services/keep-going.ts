import { type Clock, sleep } from "../../cosi/clock.ts";
import { backOffMs, usualBackOff } from "../../cosi/engine/back-off.ts";

export interface KeepGoing {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Begins again what ended although nobody asked it to: a store that was away is no reason to stop for good. */
export async function keepGoing(
  name: string,
  work: (signal: AbortSignal) => Promise<unknown>,
  { clock, random, log, signal }: KeepGoing,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const began = clock.elapsedMs();
    let why = "it ended by itself";
    try {
      await work(signal);
    } catch (error) {
      why = String(error);
    }
    if (signal.aborted) return;
    failures = clock.elapsedMs() - began > usualBackOff.longestMs ? 1 : failures + 1;
    log(`${name} begins again: ${why}`);
    await sleep(clock, backOffMs(usualBackOff, failures, random), signal).catch(() => undefined);
  }
}
