import type { SpecOf } from "../../cosi/resource.ts";
import type { AgentReport } from "../resources/agent-report.ts";
import type { WipeCertificate } from "../resources/wipe-certificate.ts";
import type { WipeStatus } from "../resources/wipe-status.ts";

type Status = SpecOf<typeof WipeStatus>;
type Run = Status["run"];
type Running = Extract<Run, { state: "running" }>;
type Outcome = SpecOf<typeof AgentReport>["outcome"];
type DiskResult = Extract<
  NonNullable<Extract<Outcome, { state: "failed" }>["result"]>,
  { of: "wipe" }
>["disks"][number];

/** A run that was interrupted is begun anew; one that never comes to its end so often is an operator's matter. */
export const mostAttempts = 5;

/** What a wipe that runs is after what its agent told of it; undefined while there is nothing new. */
export function afterReport(status: Status, run: Running, outcome: Outcome, now: Date): Status | undefined {
  switch (outcome.state) {
    case "running":
      return outcome.progress?.of === "wipe"
        ? { ...status, run: { ...run, progress: outcome.progress.disks } }
        : undefined;
    case "succeeded":
      if (outcome.result?.of !== "wipe") return failed(status, run, now, "its agent told no result", []);
      return judged(status, run, outcome.result.disks, now);
    case "failed":
      return failed(status, run, now, outcome.why, resultsOf(outcome));
    case "refused":
    case "cancelled":
    case "lost":
      return interrupted(status, run, outcome.why, now);
  }
}

/** The disks of which an outcome tells. */
export const resultsOf = (outcome: Outcome): readonly DiskResult[] =>
  "result" in outcome && outcome.result?.of === "wipe" ? outcome.result.disks : [];

/** Succeeded as an order, which one bad disk does not stop: whether the wipe did is told by each disk. */
function judged(status: Status, run: Running, results: readonly DiskResult[], now: Date): Status {
  const bad = results.filter(isBad);
  if (bad.length > 0) {
    const why = `${bad.length} of ${results.length} disks: ${bad[0]!.disk}: ${failureOf(bad[0]!)}`;
    return failed(status, run, now, why, results);
  }
  return {
    wipedAt: Math.max(status.wipedAt, run.wipeId),
    run: { state: "done", ...attemptOf(run), endedAt: now, disks: results.map(({ disk }) => ({ disk })) },
  };
}

/** It will not get better by itself: somebody has to look, and to ask for another wipe. */
export function failed(
  { wipedAt }: Status,
  run: Running,
  endedAt: Date,
  why: string,
  results: readonly DiskResult[],
): Status {
  const disks = results.map((result) => ({
    disk: result.disk,
    ...(isBad(result) && { failure: failureOf(result) }),
  }));
  return { wipedAt, run: { state: "failed", ...attemptOf(run), endedAt, why, disks } };
}

/** Begun anew by and by, or failed when that happened too often. */
export function interrupted(status: Status, run: Running, why: string, now: Date): Status {
  if (run.attempt >= mostAttempts) {
    return failed(status, run, now, `begun ${run.attempt} times and never ended: ${why}`, []);
  }
  return { wipedAt: status.wipedAt, run: { state: "interrupted", ...attemptOf(run), endedAt: now, why } };
}

const attemptOf = ({ wipeId, attempt, orderId, startedAt }: Running) => ({
  wipeId,
  attempt,
  orderId,
  startedAt,
});

const isBad = ({ failure, mismatches }: DiskResult) => failure !== undefined || mismatches > 0;
const failureOf = ({ failure, mismatches, samples }: DiskResult) =>
  failure ?? `${mismatches} of ${samples} blocks read back are not erased`;

/** A certificate for every disk that was erased and proved so, however the others fared. By their ids. */
export function certificatesOf(
  machine: string,
  wipeId: number,
  results: readonly DiskResult[],
  agentVersion: string,
): ReadonlyMap<string, SpecOf<typeof WipeCertificate>> {
  return new Map(
    results.flatMap((result) => {
      const { method, samples, mismatches: _, failure: _failure, ...rest } = result;
      if (isBad(result) || method === undefined) return [];
      const certificate = { machine, wipeId, ...rest, method, verifiedSamples: samples, agentVersion };
      return [[`${machine}.${wipeId}.${result.disk}`, certificate] as const];
    }),
  );
}
