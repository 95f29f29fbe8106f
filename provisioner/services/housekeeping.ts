// Records that are of no use any more.
import { type Clock, sleep } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import { NotFound } from "../../cosi/state-errors.ts";
import { SpentBootToken } from "../resources/spent-boot-token.ts";

const everyMs = 10 * 60_000;
/** The clock of whoever judges a token may be behind ours. */
const graceMs = 24 * 3_600_000;

/** Until the signal aborts. Several processes may do it at once. */
export async function keepHouse(state: State, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(clock, everyMs, signal);
    const { resources } = await state.list(SpentBootToken);
    for (const { metadata, spec } of resources) {
      if (spec.expiresAt.getTime() + graceMs > clock.now().getTime()) continue;
      await state.destroy(SpentBootToken, metadata.id).catch((error: unknown) => {
        if (!(error instanceof NotFound)) throw error;
      });
    }
  }
}
