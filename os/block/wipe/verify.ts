import type { BlockDevice } from "../block-device.ts";
import { findSignatures } from "../signatures.ts";
import type { Method } from "./method.ts";

const sampleBytes = 64 * 1024;
const samples = 256;

export interface Proof {
  readonly kind: Method["proof"];
  readonly sampledBytes: number;
}

/** Reads back: both ends and places nobody can foresee. Rejects with what was found that should be gone. */
export async function verify(
  device: BlockDevice,
  kind: Method["proof"],
  { random, signal }: { random: () => number; signal: AbortSignal },
): Promise<Proof> {
  const left = await findSignatures(device);
  if (left.length > 0)
    throw new Error(`Cannot verify ${device.path}: a ${left[0]!.name} signature is still there`);
  if (kind === "no signatures") return { kind, sampledBytes: 0 };

  const size = Math.min(sampleBytes, device.sizeBytes);
  const sectors = Math.floor((device.sizeBytes - size) / device.sectorBytes);
  const places = Array.from(
    { length: samples },
    () => Math.floor(random() * (sectors + 1)) * device.sectorBytes,
  );
  for (const offset of [0, sectors * device.sectorBytes, ...places]) {
    signal.throwIfAborted();
    const bytes = await device.read(offset, size);
    const at = bytes.findIndex((byte) => byte !== 0);
    if (at >= 0) throw new Error(`Cannot verify ${device.path}: byte ${offset + at} is not zero`);
  }
  return { kind, sampledBytes: (places.length + 2) * size };
}
