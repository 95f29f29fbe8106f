// Agents whose provisioner died while they did: nobody is left who could say that they are gone.
import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import { NotFound, PhaseConflict } from "../../cosi/state-errors.ts";
import { VersionConflict } from "../../cosi/store.ts";
import { BootStatus } from "../resources/boot-status.ts";

/** How often whoever has an agent attached says so. */
export const agentBeatMs = 60_000;
/** An agent comes back to the next process within half a minute; two beats may be late. */
const silenceMs = 3 * agentBeatMs;
const lookMs = 15_000;

interface Heard {
  readonly version: bigint;
  readonly atMs: number;
}

/**
 * Writes down which agents are gone, until the signal aborts. Judged by the time that passed here since there was news
 * of one: the clocks of several provisioners, and one clock at two times, may differ. Several may do it at once.
 */
export async function noticeSilence(state: State, clock: Clock, signal: AbortSignal): Promise<void> {
  const heard = new Map<string, Heard>();
  let look = clock.after(lookMs, function again() {
    for (const [id, { version, atMs }] of heard) {
      if (clock.elapsedMs() - atMs < silenceMs) continue;
      heard.delete(id);
      // What fails is news of its own, or comes up again with the next of it.
      void markLost(state, clock, id, version).catch(() => undefined);
    }
    look = clock.after(lookMs, again);
  });
  try {
    for await (const events of state.watch(BootStatus, { signal })) {
      for (const event of events) {
        if (event.type === "bootstrapped") continue;
        const { id, version } = event.resource.metadata;
        if (event.type !== "destroyed" && event.resource.spec.state === "agent") {
          heard.set(id, { version, atMs: clock.elapsedMs() });
        } else heard.delete(id);
      }
    }
  } finally {
    look[Symbol.dispose]();
  }
}

async function markLost(state: State, clock: Clock, id: string, version: bigint): Promise<void> {
  const why = "nothing was heard of its agent for minutes";
  try {
    await state.update(
      BootStatus,
      id,
      ({ spec }) =>
        spec.state === "agent"
          ? { spec: { state: "agentLost", kernelBootId: spec.kernelBootId, since: clock.now(), why } }
          : {},
      { version },
    );
  } catch (error) {
    if (error instanceof NotFound || error instanceof PhaseConflict || error instanceof VersionConflict)
      return;
    throw error;
  }
}
