// 100,000 lives: `npm run fuzz -- lifecycle --runs 100000`. A failure names the seed of its history; with
// `--runs 1 --seed N` that one history is told word for word.
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { FuzzModule } from "../../workshop/fuzz.ts";
import { liveHistory } from "./history.ts";

interface Share {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}
type Told = { readonly done: number } | { readonly seed: number; readonly violations: readonly string[] };

const reportEvery = 50;
/** A history's garbage is short-lived: with room for it a tenth less time goes to collecting. */
const resourceLimits = { maxYoungGenerationSizeMb: 96 };

export const fuzz: FuzzModule["fuzz"] = async ({ runs, seed, log }) => {
  if (runs === 1) {
    const { violations, stages } = await liveHistory({ seed, story: log });
    if (violations.length > 0) throw new Error(`Cannot trust the lifecycle: ${violations.join("; ")}`);
    return log(`came to rest: ${stages.join(", ")}`);
  }
  const count = Math.min(availableParallelism(), runs);
  let done = 0;
  let said = 0;
  const workers: Worker[] = [];
  try {
    await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const share: Share = { first: seed + index, last: seed + runs, step: count };
        const worker = new Worker(new URL(import.meta.url), { workerData: share, resourceLimits });
        workers.push(worker);
        return new Promise<void>((resolve, reject) => {
          worker.on("message", (told: Told) => {
            if ("seed" in told) {
              const broken = told.violations.join("; ");
              return reject(new Error(`seed ${told.seed}: ${broken} (replay: --runs 1 --seed ${told.seed})`));
            }
            done += told.done;
            if (done - said < 10_000) return;
            said = done;
            log(`${done} histories`);
          });
          worker.on("error", reject);
          worker.on("exit", (code) =>
            code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
          );
        });
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
};

if (!isMainThread && parentPort) {
  const { first, last, step } = workerData as Share;
  let done = 0;
  for (let seed = first; seed < last; seed += step) {
    const { violations } = await liveHistory({ seed });
    if (violations.length > 0) parentPort.postMessage({ seed, violations } satisfies Told);
    if (++done % reportEvery === 0) parentPort.postMessage({ done: reportEvery } satisfies Told);
  }
}
