import type { BlockDevice } from "../block-device.ts";
import { type MethodName, methods, type Progress, runMethod } from "./method.ts";
import { type Proof, verify } from "./verify.ts";

/** What became of one disk: the ground for its certificate. */
export type WipeResult =
  | {
      readonly outcome: "wiped";
      readonly method: MethodName;
      readonly startedAt: Date;
      readonly finishedAt: Date;
      readonly proof: Proof;
    }
  | {
      readonly outcome: "failed";
      readonly method: MethodName;
      readonly step: "open" | "wipe" | "verify";
      readonly why: string;
    };

export interface WipeOptions {
  readonly open: () => Promise<BlockDevice>;
  readonly method: MethodName;
  readonly now: () => Date;
  /** Chooses where to read back; must not be foreseeable by the disk. */
  readonly random: () => number;
  readonly progress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

/** Wipes one disk and proves it. A disk that fails is a result, not an exception: others go on. */
export async function wipe({
  open,
  method,
  now,
  random,
  progress,
  signal,
}: WipeOptions): Promise<WipeResult> {
  const startedAt = now();
  let step: "open" | "wipe" | "verify" = "open";
  try {
    await using device = await open();
    step = "wipe";
    await runMethod(device, methods[method], { progress, signal });
    step = "verify";
    const proof = await verify(device, methods[method].proof, { random, signal });
    return { outcome: "wiped", method, startedAt, finishedAt: now(), proof };
  } catch (error) {
    return { outcome: "failed", method, step, why: error instanceof Error ? error.message : String(error) };
  }
}
