// Reading back at places that nobody can foresee, and comparing with what has to be there now.
import { createHash } from "node:crypto";
import type { BlockDevice } from "../block-device.ts";
import { findSignatures } from "../signatures.ts";
import { edgeBytes, type ProofKind } from "./method.ts";

const sampleBytes = 4096;

/** A place, and a digest of what stood there before; undefined where it could not be read, or was uniform already. */
export interface Sample {
  readonly offset: number;
  readonly before: string | undefined;
}

export interface Proof {
  readonly kind: ProofKind;
  readonly samples: number;
  readonly mismatches: number;
  /** The first thing that should be gone; undefined when the disk is wiped. */
  readonly left: string | undefined;
}

interface Choice {
  readonly count: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Chooses where to look, and remembers what is there as far as it can be told apart afterwards. */
export async function takeSamples(
  device: BlockDevice,
  kind: ProofKind,
  { count, random, signal }: Choice,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let index = 0; index < count; index++) {
    signal.throwIfAborted();
    const offset = placeOn(device, kind, random());
    // A disk that cannot be read can still be erased.
    const bytes = kind === "changed" ? await readSample(device, offset).catch(() => undefined) : undefined;
    samples.push({ offset, before: bytes && !isUniform(bytes) ? digest(bytes) : undefined });
  }
  return samples;
}

export async function verify(
  device: BlockDevice,
  kind: ProofKind,
  { samples, signal }: { samples: readonly Sample[]; signal: AbortSignal },
): Promise<Proof> {
  const signatures = await findSignatures(device);
  const proof = (mismatches: number, left: string | undefined): Proof => ({
    kind,
    samples: samples.length,
    mismatches,
    left,
  });
  if (signatures.length > 0) return proof(1, `a ${signatures[0]!.name} signature is still there`);
  let mismatches = 0;
  let left: string | undefined;
  for (const { offset, before } of samples) {
    signal.throwIfAborted();
    const bytes = await readSample(device, offset);
    if (isErased(bytes, kind, before)) continue;
    mismatches++;
    left ??= `what is at byte ${offset} is ${kind === "changed" ? "the same as before" : "not zero"}`;
  }
  return proof(mismatches, left);
}

function isErased(bytes: Uint8Array, kind: ProofKind, before: string | undefined): boolean {
  if (kind !== "changed") return isUniform(bytes) && bytes[0] === 0;
  return before === undefined || digest(bytes) !== before;
}

/** A sector's beginning; `part` is 0 to 1. Of a disk whose ends alone are erased, in one of the ends. */
function placeOn({ sizeBytes, sectorBytes }: BlockDevice, kind: ProofKind, part: number): number {
  const isWhole = kind !== "edges" || sizeBytes <= 2 * edgeBytes;
  const room = isWhole ? sizeBytes : 2 * edgeBytes;
  const sectors = Math.max(Math.floor((room - sampleBytes) / sectorBytes) + 1, 1);
  const offset = Math.min(Math.floor(part * sectors), sectors - 1) * sectorBytes;
  if (isWhole || offset + sampleBytes <= edgeBytes) return offset;
  return sizeBytes - 2 * edgeBytes + Math.max(offset, edgeBytes);
}

const readSample = (device: BlockDevice, offset: number) =>
  device.read(offset, Math.min(sampleBytes, device.sizeBytes - offset));

const isUniform = (bytes: Uint8Array) => bytes.every((byte) => byte === bytes[0]);

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("base64");
