import type { BlockDevice } from "../block-device.ts";
import { Unsupported } from "../unsupported.ts";
import { type MethodName, type MethodTask, methods, type Progress, runMethod } from "./method.ts";
import { type Proof, takeSamples, verify } from "./verify.ts";

export type WipeStep = "open" | "erase" | "verify";

/** What became of one disk: the ground for its certificate. */
export type WipeResult =
  | { readonly outcome: "wiped"; readonly method: MethodName; readonly proof: Proof }
  | {
      readonly outcome: "failed";
      readonly step: WipeStep;
      readonly why: string;
      /** The one that was tried last, if any was. */
      readonly method: MethodName | undefined;
      readonly proof: Proof | undefined;
    };

export interface WipeOptions extends Pick<MethodTask, "pause" | "signal"> {
  readonly open: () => Promise<BlockDevice>;
  /** The first that the disk can do. None possible: it fails, never a weaker one in silence. */
  readonly methods: readonly MethodName[];
  /** How many places are read back afterwards. 0: none, and signatures are not looked for either. */
  readonly samples: number;
  /** Chooses where to read back; must not be foreseeable by the disk. */
  readonly random: () => number;
  readonly progress: (step: WipeStep, method: MethodName | undefined, progress?: Progress) => void;
}

/** Wipes one disk and proves it. A disk that fails is a result, not an exception: others go on. */
export async function wipe(options: WipeOptions): Promise<WipeResult> {
  let step: WipeStep = "open";
  let method: MethodName | undefined;
  const reached = (next: WipeStep, now?: MethodName) => {
    step = next;
    method = now;
    options.progress(next, now);
  };
  const failed = (why: string, proof?: Proof): WipeResult => ({
    outcome: "failed",
    step,
    why,
    method,
    proof,
  });
  try {
    await using device = await options.open();
    const impossible: string[] = [];
    for (const name of options.methods) {
      reached("erase", name);
      const proof = await wipeBy(device, name, options, () => reached("verify", name)).catch(
        (error: unknown) => {
          if (!(error instanceof Unsupported)) throw error;
          impossible.push(`${name}: ${error.message}`);
          return undefined;
        },
      );
      if (!proof) continue;
      if (proof.mismatches > 0) return failed(proof.left ?? "it does not read as erased", proof);
      return { outcome: "wiped", method: name, proof };
    }
    return failed(`none of the methods asked for is possible (${impossible.join("; ")})`);
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

async function wipeBy(
  device: BlockDevice,
  name: MethodName,
  { samples: count, random, progress, pause, signal }: WipeOptions,
  verifying: () => void,
): Promise<Proof> {
  const { proof: kind } = methods[name];
  const samples = await takeSamples(device, kind, { count, random, signal });
  await runMethod(device, methods[name], {
    progress: (it) => progress("erase", name, it),
    pause,
    signal,
  });
  if (count === 0) return { kind, samples: 0, mismatches: 0, left: undefined };
  verifying();
  return verify(device, kind, { samples, signal });
}
