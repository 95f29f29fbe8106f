// How data leaves a disk. A method is a list of passes over the device; the last word has the verification.
import type { BlockDevice } from "../block-device.ts";

const MiB = 1024 * 1024;
/** One command covers this much, so that progress is seen and a stop is obeyed. */
const commandBytes = 1024 * MiB;
const writeBytes = 4 * MiB;
/** Where partition tables, boot loaders and metadata lie; the same at the end. */
const edgeBytes = 16 * MiB;

interface Pass {
  readonly what: "discard" | "secureDiscard" | "zero" | "overwrite";
  readonly where: "everything" | "edges";
  /** What a device that cannot do it means: the method fails, or this pass is left out. */
  readonly unsupported: "fail" | "skip";
}

export interface Method {
  readonly about: string;
  readonly passes: readonly Pass[];
  /** What must be so afterwards: every sampled byte zero, or at least no signature left. */
  readonly proof: "zeros" | "no signatures";
}

const edges: Pass = { what: "overwrite", where: "edges", unsupported: "fail" };

/** Fail closed: a method whose own pass the device cannot do is not replaced by a weaker one. */
export const methods = {
  fast: {
    about: "discards what the device lets go, and overwrites both ends",
    passes: [{ what: "discard", where: "everything", unsupported: "skip" }, edges],
    proof: "no signatures",
  },
  discard: {
    about: "tells the device to forget everything, and overwrites both ends",
    passes: [{ what: "discard", where: "everything", unsupported: "fail" }, edges],
    proof: "no signatures",
  },
  secureDiscard: {
    about: "tells the device to forget everything beyond recovery",
    passes: [{ what: "secureDiscard", where: "everything", unsupported: "fail" }, edges],
    proof: "no signatures",
  },
  zero: {
    about: "has the device fill itself with zeros",
    passes: [{ what: "zero", where: "everything", unsupported: "fail" }],
    proof: "zeros",
  },
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

/** Runs the method's passes. Rejects when the device refuses or fails, or the signal aborts. */
export async function runMethod(
  device: BlockDevice,
  method: Method,
  { progress, signal }: { progress: (progress: Progress) => void; signal: AbortSignal },
): Promise<void> {
  const plan = method.passes.map((pass) => ({ pass, ranges: rangesOf(pass, device.sizeBytes) }));
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
  if (what === "overwrite") return device.write(offset, new Uint8Array(length));
  try {
    await device.command(what, offset, length);
  } catch (error) {
    if (unsupported === "skip" && isUnsupported(error)) return;
    throw error;
  }
}

const isUnsupported = (error: unknown) =>
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
