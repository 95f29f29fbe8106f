import { collectionController } from "../../cosi/engine/controller.ts";
import { the } from "../../cosi/engine/reads.ts";
import { chooseSample, correctionOf, type Sample } from "../network/ntp/judge.ts";
import { TimeServerStatus, timeServersId } from "../resources/network/names.ts";
import { NodeAddress } from "../resources/network/node.ts";
import { TimeStatus, TimeSyncSpec, timeStatusId } from "../resources/time-status.ts";

export interface NodeClock {
  now(): Date;
  /** Adds to the time at once. */
  step(offsetMs: number): void;
  /** Has the clock run a little faster or slower until the offset is made up. */
  slew(offsetMs: number): void;
}

export interface TimeSyncOptions {
  readonly clock: NodeClock;
  /** A sample, or a sentence why there is none. */
  readonly ask: (server: string, signal: AbortSignal) => Promise<Sample | string>;
}

const patienceMs = 5000;
const againMs = { synced: 15 * 60_000, unsynced: 15_000 } as const;

/** Keeps the clock right: stepped when it is first compared or far off, slewed otherwise. */
export function timeSync({ clock, ask }: TimeSyncOptions) {
  // Kept here and not read back from the resource: each look would be the reason for the next.
  let since: number | undefined;
  let last = { synced: false, epoch: 0, syncDisabled: false, server: "", offsetMs: 0 };
  return collectionController({
    name: "TimeSync",
    reads: {
      servers: the(TimeServerStatus, timeServersId),
      addresses: the(NodeAddress, "current"),
      wanted: the(TimeSyncSpec, timeStatusId),
    },
    owns: the(TimeStatus, timeStatusId),

    async reconcile({ servers, addresses, wanted }, { signal }) {
      const { enabled, bootTimeoutMs } = wanted?.spec ?? { enabled: true, bootTimeoutMs: 0 };
      // Nobody waits for what is not looked after.
      if (!enabled) return { do: "set", spec: { ...last, synced: true, syncDisabled: true } };
      const began = (since ??= clock.now().getTime());
      const until = (delayMs: number) => new Date(clock.now().getTime() + delayMs);
      const unsynced = (why: string, againInMs: number) => {
        const waitedMs = clock.now().getTime() - began;
        const isOver = bootTimeoutMs > 0 && waitedMs >= bootTimeoutMs;
        const leftMs = bootTimeoutMs > 0 && !isOver ? bootTimeoutMs - waitedMs : againInMs;
        const spec = { ...last, synced: last.synced || isOver };
        return { do: "set", spec, why, until: until(Math.min(againInMs, leftMs)) } as const;
      };
      const names = servers?.spec.timeServers ?? [];
      if (names.length === 0) return unsynced("no time server is known", againMs.synced);
      if (!addresses || addresses.spec.addresses.length === 0)
        return unsynced("there is no address to ask from", againMs.synced);

      const expiry = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
      const answers = await Promise.all(names.map((name) => ask(name, expiry)));
      const chosen = chooseSample(answers.filter((answer) => typeof answer !== "string"));
      if (typeof chosen === "string") {
        const reasons = [chosen, ...answers.filter((answer) => typeof answer === "string")];
        return unsynced(reasons.join("; "), againMs.unsynced);
      }

      const { server, offsetMs } = chosen;
      const how = correctionOf(offsetMs, { first: !last.synced });
      if (how !== "none") clock[how](offsetMs);
      last = {
        synced: true,
        epoch: last.epoch + (how === "step" ? 1 : 0),
        syncDisabled: false,
        server,
        offsetMs: Math.round(offsetMs),
      };
      return { do: "set", spec: last, until: until(againMs.synced) };
    },
  });
}
