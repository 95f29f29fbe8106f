// A machine that is removed takes its logs along.
import { type Clock, sleep } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import { Machine } from "../resources/machine.ts";
import type { AgentLogs } from "./agent-logs.ts";

interface ClearLogs {
  readonly state: State;
  readonly clock: Clock;
  readonly logs: Pick<AgentLogs, "machines" | "remove">;
  readonly signal: AbortSignal;
}

const everyMs = 10 * 60_000;

/**
 * Until the signal aborts: logs go as soon as the record is gone. What was left because a process died, or written by an
 * agent that had one more thing to say, goes at the next look.
 */
export async function clearLogs({ state, clock, logs, signal: outer }: ClearLogs): Promise<void> {
  const end = new AbortController();
  const signal = AbortSignal.any([outer, end.signal]);
  const known = new Set<string>();
  const told = Promise.withResolvers<void>();
  const follow = async () => {
    for await (const events of state.watch(Machine, { signal })) {
      for (const event of events) {
        if (event.type === "bootstrapped") {
          told.resolve();
          continue;
        }
        const { id } = event.resource.metadata;
        if (event.type !== "destroyed") known.add(id);
        else if (known.delete(id)) await logs.remove(id);
      }
    }
  };
  const look = async () => {
    await told.promise;
    for (;;) {
      for (const id of await logs.machines()) {
        // One that was made a moment ago may not have been told of yet.
        if (!known.has(id) && !(await state.find(Machine, id))) await logs.remove(id);
      }
      await sleep(clock, everyMs, signal);
    }
  };
  try {
    await Promise.race([follow(), look()]);
  } finally {
    end.abort();
  }
}
