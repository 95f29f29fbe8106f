// While the event loop is held up, nobody is answered: not a machine that asks what to boot, either.
import { type Clock, sleep } from "../../cosi/clock.ts";
import type { DurationHistogram } from "./duration-histogram.ts";

const everyMs = 20;

/** Counts by how much it comes late to what is due, until the signal aborts. */
export async function watchLoop(
  delays: Pick<DurationHistogram, "count">,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const dueMs = clock.elapsedMs() + everyMs;
    await sleep(clock, everyMs, signal);
    delays.count(Math.max(0, clock.elapsedMs() - dueMs));
  }
}
