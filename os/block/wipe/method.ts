// How data leaves a disk: a list of passes over the device, or the disk's own command. The verification has the last word.
import type { BlockDevice } from "../block-device.ts";
import { Unsupported } from "../unsupported.ts";
import { ataSanitize, ataSecurityErase } from "./erase/ata.ts";
import type { Erase } from "./erase/erase.ts";
import { nvmeFormat, nvmeSanitize } from "./erase/nvme.ts";
import { scsiFormatUnit, scsiSanitize } from "./erase/scsi.ts";

const MiB = 1024 * 1024;
/** One command covers this much, so that progress is seen and a stop is obeyed. */
const commandBytes = 1024 * MiB;
const writeBytes = 4 * MiB;
/** Where partition tables, boot loaders and metadata lie; the same at the end. */
export const edgeBytes = 16 * MiB;

interface Pass {
  readonly what: "discard" | "secureDiscard" | "zero" | "overwrite";
  readonly where: "everything" | "edges";
  /** What a device that cannot do it means: the method fails, or this pass is left out. */
  readonly unsupported: "fail" | "skip";
}

/**
 * What must be so afterwards, besides that no signature is left. `edges`: both ends are zeros. `zeros`: every sample is.
 * `changed`: no sample reads as before, because an encrypted disk that lost its key reads as anything.
 */
export type ProofKind = "edges" | "zeros" | "changed";

export type Method = { readonly about: string; readonly proof: ProofKind } & (
  | { readonly passes: readonly Pass[] }
  | { readonly erase: Erase }
);

const edges: Pass = { what: "overwrite", where: "edges", unsupported: "fail" };
const byItself = (about: string, erase: Erase): Method => ({ about, erase, proof: "changed" });

/** On an ATA disk SCSI's SANITIZE is ATA's. */
const sanitize: Erase = (device, task) =>
  (device.firmware.speaks === "ata" ? ataSanitize : scsiSanitize)(device, task);

/** Fail closed: a method that the device cannot do is not replaced by a weaker one. */
export const methods = {
  fast: {
    about: "discards what the device lets go, and overwrites both ends",
    passes: [{ what: "discard", where: "everything", unsupported: "skip" }, edges],
    proof: "edges",
  },
  discard: {
    about: "tells the device to forget everything, and demands that it reads as zeros",
    passes: [{ what: "discard", where: "everything", unsupported: "fail" }, edges],
    proof: "zeros",
  },
  zero: {
    about: "has the device fill itself with zeros",
    passes: [{ what: "zero", where: "everything", unsupported: "fail" }],
    proof: "zeros",
  },
  secureDiscard: {
    about: "tells the device to forget everything beyond recovery",
    passes: [{ what: "secureDiscard", where: "everything", unsupported: "fail" }, edges],
    proof: "changed",
  },
  nvmeFormat: byItself("NVMe Format, user data erased", nvmeFormat("userData")),
  nvmeFormatCryptographic: byItself("NVMe Format, key erased", nvmeFormat("cryptographic")),
  nvmeSanitizeBlock: byItself("NVMe Sanitize, blocks erased", nvmeSanitize("block")),
  nvmeSanitizeCryptographic: byItself("NVMe Sanitize, key erased", nvmeSanitize("cryptographic")),
  nvmeSanitizeOverwrite: byItself("NVMe Sanitize, overwritten", nvmeSanitize("overwrite")),
  ataSecurityErase: byItself("ATA security erase", ataSecurityErase("normal")),
  ataSecurityEraseEnhanced: byItself("ATA security erase, enhanced", ataSecurityErase("enhanced")),
  scsiSanitize: byItself("SCSI or ATA SANITIZE", sanitize),
  scsiFormatUnit: byItself("SCSI FORMAT UNIT", scsiFormatUnit),
  overwrite: {
    about: "writes zeros over every sector, one by one",
    passes: [{ what: "overwrite", where: "everything", unsupported: "fail" }],
    proof: "zeros",
  },
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;

export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface MethodTask {
  readonly progress: (progress: Progress) => void;
  /** Between two looks at a disk that works by itself. */
  readonly pause: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Rejects with Unsupported when the device cannot do it, else when it fails or the signal aborts. */
export async function runMethod(device: BlockDevice, method: Method, task: MethodTask): Promise<void> {
  task.signal.throwIfAborted();
  if ("passes" in method) return runPasses(device, method.passes, task);
  const totalBytes = device.sizeBytes;
  const part = (done: number) => ({ doneBytes: Math.floor(done * totalBytes), totalBytes });
  task.progress(part(0));
  await method.erase(device, { ...task, progress: (done) => task.progress(part(done)) });
  task.progress(part(1));
}

async function runPasses(
  device: BlockDevice,
  passes: readonly Pass[],
  { progress, signal }: MethodTask,
): Promise<void> {
  const plan = passes.map((pass) => ({ pass, ranges: rangesOf(pass, device.sizeBytes) }));
  const totalBytes = plan.flatMap(({ ranges }) => ranges).reduce((sum, { length }) => sum + length, 0);
  let doneBytes = 0;
  for (const { pass, ranges } of plan) {
    for (const { offset, length } of ranges) {
      signal.throwIfAborted();
      await runPass(device, pass, offset, length);
      doneBytes += length;
      progress({ doneBytes, totalBytes });
    }
  }
  await device.flush();
}

async function runPass(
  device: BlockDevice,
  { what, unsupported }: Pass,
  offset: number,
  length: number,
): Promise<void> {
  if (what === "overwrite") return device.overwrite(offset, length);
  try {
    await device.command(what, offset, length);
  } catch (cause) {
    if (!isUnsupported(cause)) throw cause;
    if (unsupported === "fail") throw new Unsupported(`the disk cannot ${what}: ${cause.message}`, { cause });
  }
}

const isUnsupported = (error: unknown): error is Error =>
  error instanceof Error &&
  "code" in error &&
  ["EOPNOTSUPP", "ENOTSUP", "ENOTTY", "EINVAL"].includes(String(error.code));

interface Range {
  readonly offset: number;
  readonly length: number;
}

function rangesOf({ what, where }: Pass, sizeBytes: number): Range[] {
  const step = what === "overwrite" ? writeBytes : commandBytes;
  if (where === "everything" || sizeBytes <= 2 * edgeBytes) return split(0, sizeBytes, step);
  return [...split(0, edgeBytes, step), ...split(sizeBytes - edgeBytes, sizeBytes, step)];
}

function split(start: number, end: number, step: number): Range[] {
  const ranges: Range[] = [];
  for (let offset = start; offset < end; offset += step)
    ranges.push({ offset, length: Math.min(step, end - offset) });
  return ranges;
}
