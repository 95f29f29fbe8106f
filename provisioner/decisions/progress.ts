import type { SpecOf } from "../../cosi/resource.ts";
import type { MachineStatus } from "../resources/machine-status.ts";
import type { NextStep } from "./next-step.ts";

type Status = SpecOf<typeof MachineStatus>;

/** Each try has the time that its stage should take; after the last one it is an operator's turn. */
const tries = 3;

interface Asked {
  /** The stage as it is when nothing has been given up. */
  readonly step: NextStep;
  readonly before: Status | undefined;
  readonly now: Date;
  readonly retryId: number;
}

/** Whether a machine's stage goes on in time: on time, tried again, or given up with the reason. */
export function progressOf({ step, before, now, retryId }: Asked): Status["progress"] {
  const progress = before?.progress;
  const givenUp = progress?.is === "gaveUp" ? progress : undefined;
  if (givenUp && givenUp.step === step.stage && givenUp.retryId >= retryId) return givenUp;

  const deadline = step.slaMs === undefined ? undefined : new Date(now.getTime() + step.slaMs);
  if (deadline === undefined) return { is: "onTime", retries: 0 };
  if (before?.stage !== step.stage || progress?.is !== "onTime" || progress.deadline === undefined) {
    return { is: "onTime", deadline, retries: 0 };
  }
  // It waits for something else now, which has a time of its own.
  if (before.why !== step.why) return { is: "onTime", deadline, retries: progress.retries };
  // The clock was set back: nobody waits for years.
  if (progress.deadline > deadline) return { is: "onTime", deadline, retries: progress.retries };
  if (now < progress.deadline) return progress;
  const retries = progress.retries + 1;
  if (retries < tries) return { is: "onTime", deadline, retries };
  const minutes = Math.round(step.slaMs! / 60_000);
  const why = `waited ${tries} times ${minutes} minutes for ${step.waitsFor}`;
  return { is: "gaveUp", at: now, step: step.stage, why, retryId };
}
