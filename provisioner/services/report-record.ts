// What an agent tells of an order, as it is kept.
import { durationMs, timestampDate } from "@bufbuild/protobuf/wkt";
import type {
  BmcAccountResult,
  Failure,
  OrderReport,
  Running,
  Succeeded,
  TestResult,
} from "../../api/gen/ingot/agent/v1/orders_pb.js";
import { DiskProgress_Step as Step, type WipeResult } from "../../api/gen/ingot/agent/v1/wipe_pb.js";
import type { SpecOf } from "../../cosi/resource.ts";
import type { AgentReport } from "../resources/agent-report.ts";
import { methodName } from "./wipe-method-names.ts";

type Report = SpecOf<typeof AgentReport>;
type Outcome = Report["outcome"];
type Result = NonNullable<Extract<Outcome, { state: "succeeded" }>["result"]>;

/** Undefined for what this version does not understand. */
export function reportRecord(machine: string, report: OrderReport, now: Date): Report | undefined {
  const outcome = outcomeOf(report.state, now);
  const at = report.at ? timestampDate(report.at) : now;
  return outcome && { machine, number: Number(report.number), at, outcome };
}

function outcomeOf(state: OrderReport["state"], now: Date): Outcome | undefined {
  switch (state.case) {
    case "running":
      return { state: "running", doing: state.value.doing, ...progressOf(state.value) };
    case "succeeded":
      return { state: "succeeded", ...resultOf(state.value.result, now) };
    case "failed":
    case "refused":
    case "cancelled":
      return { state: state.case, why: state.value.why, ...partlyOf(state.value.result, now) };
    case undefined:
      return undefined;
  }
}

const steps: Readonly<Record<Step, "waiting" | "takingApart" | "erasing" | "verifying" | "done" | "failed">> =
  {
    [Step.UNSPECIFIED]: "waiting",
    [Step.WAITING]: "waiting",
    [Step.TAKING_APART]: "takingApart",
    [Step.ERASING]: "erasing",
    [Step.VERIFYING]: "verifying",
    [Step.DONE]: "done",
    [Step.FAILED]: "failed",
  };

function progressOf({ progress }: Running): Pick<Extract<Outcome, { state: "running" }>, "progress"> {
  switch (progress.case) {
    case "wipe": {
      const disks = progress.value.disks.map(({ disk, step, doneBytes, totalBytes }) => ({
        disk,
        step: steps[step] ?? "waiting",
        doneBytes: Number(doneBytes),
        totalBytes: Number(totalBytes),
      }));
      return { progress: { of: "wipe", disks } };
    }
    case "test": {
      const { done, of } = progress.value;
      return { progress: { of: "test", done: Number(done), total: Number(of) } };
    }
    case undefined:
      return {};
  }
}

function resultOf(result: Succeeded["result"], now: Date): { result?: Result } {
  switch (result.case) {
    case "wipe":
      return { result: wipeOf(result.value, now) };
    case "bmcAccount":
      return { result: accountOf(result.value) };
    case "test":
      return { result: testOf(result.value) };
    case undefined:
      return {};
  }
}

function partlyOf(result: Failure["result"], now: Date) {
  switch (result.case) {
    case "wipe":
      return { result: wipeOf(result.value, now) };
    case "test":
      return { result: testOf(result.value) };
    case undefined:
      return {};
  }
}

const wipeOf = ({ disks }: WipeResult, now: Date) => ({
  of: "wipe" as const,
  disks: disks.map((disk) => {
    const startedAt = disk.started ? timestampDate(disk.started) : now;
    const method = methodName(disk.method);
    return {
      disk: disk.disk,
      model: disk.model,
      serial: disk.serial,
      wwid: disk.wwid,
      sizeBytes: Number(disk.sizeBytes),
      ...(method && { method }),
      startedAt,
      endedAt: new Date(startedAt.getTime() + (disk.duration ? durationMs(disk.duration) : 0)),
      takenApart: [...disk.takenApart],
      samples: disk.verification?.samples ?? 0,
      mismatches: disk.verification?.mismatches ?? 0,
      ...(disk.failure !== undefined && { failure: disk.failure }),
    };
  }),
});

const testOf = ({ findings }: TestResult) => ({
  of: "test" as const,
  findings: findings.map(({ name, value, bad }) => ({ name, value, bad })),
});

const accountOf = ({
  addresses,
  mac,
  lanChannel,
  userId,
  manufacturer,
  firmwareVersion,
}: BmcAccountResult) => ({
  of: "bmcAccount" as const,
  addresses: [...addresses],
  mac,
  lanChannel,
  userId,
  manufacturer,
  firmwareVersion,
});
