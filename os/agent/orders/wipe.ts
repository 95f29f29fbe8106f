// The order to wipe disks: all of them side by side, each for itself. One bad disk does not stop the others.
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type DiskResult,
  DiskResultSchema,
  type DiskWipe,
  DiskProgress_Step as Step,
  type WipeOrder,
  WipeResultSchema,
} from "../../../api/gen/ingot/agent/v1/wipe_pb.js";
import { type Clock, sleep } from "../../../cosi/clock.ts";
import type { BlockDevice } from "../../block/block-device.ts";
import { disksById } from "../../block/disk-ids.ts";
import type { Disk } from "../../block/disks.ts";
import type { Signature } from "../../block/signatures.ts";
import type { MethodName } from "../../block/wipe/method.ts";
import { type WipeResult, wipe } from "../../block/wipe/wipe.ts";
import type { Execute } from "../order-runner.ts";
import { fromWire, toWire } from "../wipe-methods.ts";
import { Stall, stalledAfterMs } from "./stall.ts";

export interface WipeTools {
  readonly clock: Clock;
  readonly random: () => number;
  readonly disks: () => Promise<readonly Disk[]>;
  readonly signatures: (disk: Disk) => Promise<readonly Signature[]>;
  /** Resolves to what was taken apart. */
  readonly takeApart: (disk: Disk) => Promise<readonly string[]>;
  readonly open: (disk: Disk) => Promise<BlockDevice>;
  /** What is on the disks is another thing now. */
  readonly wiped: () => void;
  /** For whoever stands in front of the machine. */
  readonly said: (level: "info" | "warn", text: string) => void;
}

/** Fewer than PID 1 has threads for calls that block (os/image/initramfs.ts). */
const mostAtOnce = 24;
const tellEveryMs = 500;
const lookAgainMs = 1_000;
/** Less than an order is given to stop (os/agent/order-runner.ts). */
const stopWithinMs = 20_000;

interface Standing {
  step: Step;
  method: MethodName | undefined;
  doneBytes: number;
  totalBytes: number;
}

export const wipeOrder =
  (tools: WipeTools): Execute<WipeOrder> =>
  async (order, { progress, signal }) => {
    const { clock } = tools;
    const known = disksById(await tools.disks());
    const wanted = [...new Map(order.disks.map((it) => [it.disk, it])).values()];
    const standings = new Map<string, Standing>(
      wanted.map(({ disk }) => [
        disk,
        { step: Step.WAITING, method: undefined, doneBytes: 0, totalBytes: 0 },
      ]),
    );
    let toldMs = -Infinity;
    const tell = (isStep: boolean) => {
      if (!isStep && clock.elapsedMs() - toldMs < tellEveryMs) return;
      toldMs = clock.elapsedMs();
      progress(standingOf(standings));
    };
    tell(true);

    const results = new Map<string, DiskResult>();
    const queue = [...wanted];
    const work = async () => {
      for (let it = queue.shift(); it; it = queue.shift()) {
        const standing = standings.get(it.disk)!;
        const disk = known.get(it.disk);
        using stall = new Stall(clock, () =>
          tools.said(
            "warn",
            `${nameOf(it, disk)} has not answered for ${stalledAfterMs / 1000} s: does it hang?`,
          ),
        );
        const moved = (change: Partial<Standing>, isStep: boolean) => {
          if (results.has(it.disk)) return;
          stall.moved();
          Object.assign(standing, change);
          tell(isStep);
        };
        const result = await Promise.race([
          wipeDisk(it, disk, { tools, signal, moved }),
          abandoned(it, disk, { clock, signal }),
        ]);
        results.set(it.disk, result);
        standing.step = result.failure === undefined ? Step.DONE : Step.FAILED;
        tell(true);
        const { failure, verification } = result;
        if (failure === undefined)
          tools.said(
            "info",
            `${nameOf(it, disk)} is wiped, and was read back at ${verification?.samples ?? 0} places`,
          );
        else tools.said("warn", `${nameOf(it, disk)} is not wiped: ${failure}`);
      }
    };
    const atOnce = Math.min(order.parallel || mostAtOnce, mostAtOnce, wanted.length);
    await Promise.all(Array.from({ length: atOnce }, work));
    tools.wiped();

    const disks = wanted.map(({ disk }) => results.get(disk)!);
    const value = create(WipeResultSchema, { disks });
    const failures = disks.filter(({ failure }) => failure !== undefined);
    if (failures.length === 0) return { is: "succeeded", result: { case: "wipe", value } };
    const why = `${failures.length} of ${disks.length} disks: ${failures.map(({ disk, failure }) => `${disk}: ${failure}`).join("; ")}`;
    return { is: "failed", why, result: { case: "wipe", value } };
  };

/** As it is called in this boot, and what is printed on it. */
const nameOf = ({ disk: id }: DiskWipe, disk: Disk | undefined): string =>
  disk ? `disk ${disk.devPath} (serial ${disk.serial || "unknown"})` : `disk ${id}`;

function standingOf(standings: ReadonlyMap<string, Standing>) {
  const all = [...standings.values()];
  const ended = all.filter(({ step }) => step === Step.DONE || step === Step.FAILED).length;
  return {
    doing: `wiping ${all.length} disks, ${ended} done`,
    progress: {
      case: "wipe",
      value: {
        disks: [...standings].map(([disk, { step, method, doneBytes, totalBytes }]) => ({
          disk,
          step,
          method: toWire(method),
          doneBytes: BigInt(doneBytes),
          totalBytes: BigInt(totalBytes),
        })),
      },
    },
  } as const;
}

/** A disk that hangs does not stop when it is told to; what became of the others is told all the same. */
async function abandoned(
  { disk: id }: DiskWipe,
  disk: Disk | undefined,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<DiskResult> {
  const stopped = Promise.withResolvers<void>();
  if (signal.aborted) stopped.resolve();
  signal.addEventListener("abort", () => stopped.resolve(), { once: true });
  await stopped.promise;
  await sleep(clock, stopWithinMs, new AbortController().signal);
  return create(DiskResultSchema, {
    disk: id,
    model: disk?.model ?? "",
    serial: disk?.serial ?? "",
    wwid: disk?.wwid ?? "",
    sizeBytes: BigInt(disk?.sizeBytes ?? 0),
    failure: `${(signal.reason as Error).message}, and the disk did not stop within ${stopWithinMs / 1000} s: it hangs`,
  });
}

interface DiskTask {
  readonly tools: WipeTools;
  readonly signal: AbortSignal;
  readonly moved: (change: Partial<Standing>, isStep: boolean) => void;
}

async function wipeDisk(
  wanted: DiskWipe,
  disk: Disk | undefined,
  { tools, signal, moved }: DiskTask,
): Promise<DiskResult> {
  const { clock, random } = tools;
  const started = clock.now();
  const startedMs = clock.elapsedMs();
  let takenApart: readonly string[] = [];
  const result = (outcome: WipeResult): DiskResult => {
    const { method, proof } = outcome;
    return create(DiskResultSchema, {
      disk: wanted.disk,
      model: disk?.model ?? "",
      serial: disk?.serial ?? "",
      wwid: disk?.wwid ?? "",
      sizeBytes: BigInt(disk?.sizeBytes ?? 0),
      method: toWire(method),
      started: timestampFromDate(started),
      duration: durationFromMs(Math.round(clock.elapsedMs() - startedMs)),
      takenApart: [...takenApart],
      ...(proof && { verification: { samples: proof.samples, mismatches: proof.mismatches } }),
      ...(outcome.outcome === "failed" && { failure: outcome.why }),
    });
  };
  const refused = (why: string) =>
    result({ outcome: "failed", step: "open", why, method: undefined, proof: undefined });

  if (!disk) return refused("no such disk is in this machine now");
  const obstacle = isAnother(disk, wanted) ?? (await reasonToSpare(disk, wanted, tools));
  if (obstacle !== undefined) return refused(obstacle);
  if (signal.aborted) return refused((signal.reason as Error).message);
  try {
    moved({ step: Step.TAKING_APART }, true);
    takenApart = await tools.takeApart(disk);
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
  const outcome = await wipe({
    open: () => tools.open(disk),
    methods: wanted.methods.flatMap((method) => fromWire(method) ?? []),
    samples: wanted.verifySamples,
    random,
    signal,
    pause: (stop) => sleep(clock, lookAgainMs, stop),
    progress(step, method, it) {
      const doing = step === "verify" ? Step.VERIFYING : Step.ERASING;
      if (it) moved({ step: doing, method, ...it }, false);
      else moved({ step: doing, method, doneBytes: 0, totalBytes: 0 }, true);
    },
  });
  return result(outcome);
}

/** Names swap and disks are exchanged: what was ordered for one disk is not done to another. */
function isAnother(disk: Disk, wanted: DiskWipe): string | undefined {
  const { expectedSerial, expectedWwid, expectedSizeBytes } = wanted;
  const differs = [
    ["serial number", expectedSerial, disk.serial],
    ["wwid", expectedWwid, disk.wwid],
    ["size", expectedSizeBytes === 0n ? "" : String(expectedSizeBytes), String(disk.sizeBytes)],
  ].find(([, expected, actual]) => expected !== "" && expected !== actual);
  if (!differs) return undefined;
  const [what, expected, actual] = differs;
  return `it is another disk: its ${what} is ${actual || "none"}, not ${expected}`;
}

async function reasonToSpare(
  disk: Disk,
  { evenIfSharedOrRemovable }: DiskWipe,
  { signatures }: WipeTools,
): Promise<string | undefined> {
  if (disk.cdrom) return "it is a CD drive";
  if (disk.readOnly) return "it is read-only";
  if (evenIfSharedOrRemovable) return undefined;
  if (disk.removable) return "it is removable, and nobody asked to wipe it all the same";
  try {
    const shared = (await signatures(disk)).find(({ kind }) => kind === "shared storage");
    return (
      shared &&
      `it bears ${shared.name}, which other machines may use, and nobody asked to wipe it all the same`
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `whether other machines use it cannot be told: ${why}`;
  }
}
