import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { nextStep } from "../decisions/next-step.ts";
import { progressOf } from "../decisions/progress.ts";
import { Machine } from "../resources/machine.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import { machineReads } from "./machine-reads.ts";
import { writersAtOnce } from "./writers-at-once.ts";

type Status = SpecOf<typeof MachineStatus>;

/** Clocks are slewed by less, and nobody notices. */
const jumpMs = 30_000;

/** Says in which stage of its life each machine is, since when, and whether that takes too long. */
export const lifeController = ({ clock }: { readonly clock: Pick<Clock, "now" | "elapsedMs"> }) => {
  /** By how much the time of day was ahead of the time that passed, when a machine was last looked at. */
  const ahead = new Map<string, number>();
  const jumpSince = (id: string, now: Date) => {
    const aheadMs = now.getTime() - clock.elapsedMs();
    const jumpedMs = aheadMs - (ahead.get(id) ?? aheadMs);
    ahead.set(id, aheadMs);
    return Math.abs(jumpedMs) < jumpMs ? 0 : jumpedMs;
  };
  return controller({
    name: "Life",
    each: Machine,
    reads: machineReads,
    owns: MachineStatus,
    concurrency: writersAtOnce,

    reconcile(machine, records) {
      const now = clock.now();
      const before = moved(records.status?.spec, jumpSince(machine.metadata.id, now));
      // Judged as if all were still to be tried: evidence that it went on after all beats having given up.
      const facts = gatherFacts({ machine, ...records });
      const trying = nextStep({ ...facts, gaveUp: false });
      const progress = progressOf({ step: trying, before, now, retryId: machine.spec.retryId });
      const { stage, why } = nextStep({ ...facts, gaveUp: progress.is === "gaveUp" });
      const since = before?.stage === stage ? before.since : now;
      const spec = { stage, why, since, progress } satisfies Status;
      return {
        do: "set",
        spec,
        why,
        ...(progress.is === "onTime" && progress.deadline && { until: progress.deadline }),
      };
    },
  });
};

/** A clock that was set forward takes nobody's time away. */
function moved(status: Status | undefined, jumpedMs: number): Status | undefined {
  if (jumpedMs === 0 || status?.progress.is !== "onTime" || !status.progress.deadline) return status;
  const deadline = new Date(status.progress.deadline.getTime() + jumpedMs);
  return { ...status, progress: { ...status.progress, deadline } };
}
