import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { nextStep } from "../decisions/next-step.ts";
import { progressOf } from "../decisions/progress.ts";
import { Machine } from "../resources/machine.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import { machineReads } from "./machine-reads.ts";

/** Says in which stage of its life each machine is, since when, and whether that takes too long. */
export const lifeController = ({ clock }: { readonly clock: Pick<Clock, "now"> }) =>
  controller({
    name: "Life",
    each: Machine,
    reads: machineReads,
    owns: MachineStatus,

    reconcile(machine, records) {
      const now = clock.now();
      const before = records.status?.spec;
      // Judged as if all were still to be tried: evidence that it went on after all beats having given up.
      const facts = gatherFacts({ machine, ...records });
      const trying = nextStep({ ...facts, gaveUp: false });
      const progress = progressOf({ step: trying, before, now, retryId: machine.spec.retryId });
      const { stage, why } = nextStep({ ...facts, gaveUp: progress.is === "gaveUp" });
      const since = before?.stage === stage ? before.since : now;
      const spec = { stage, why, since, progress } satisfies SpecOf<typeof MachineStatus>;
      return {
        do: "set",
        spec,
        why,
        ...(progress.is === "onTime" && progress.deadline && { until: progress.deadline }),
      };
    },
  });
