// `npm run fuzz -- NAME --runs N [--seed S]`: runs NAME.fuzz.ts. A failure prints the seed that repeats it.
import { parseArgs } from "node:util";
import { findModule } from "./find-module.ts";

/** What a NAME.fuzz.ts exports. Throws when a run broke what must hold, naming the input. */
export interface FuzzModule {
  readonly fuzz: (options: {
    runs: number;
    seed: number;
    log: (line: string) => void;
  }) => Promise<void> | void;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string", default: "100000" }, seed: { type: "string" } },
});
const runs = Number(values.runs);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(seed)) {
  throw new Error("--runs and --seed take whole numbers");
}

const module = (await findModule("fuzz", positionals[0])) as FuzzModule;
const started = performance.now();
console.log(`${positionals[0]}: ${runs} runs, seed ${seed}`);
await module.fuzz({ runs, seed, log: console.log });
console.log(
  `${positionals[0]}: ${runs} runs without a failure in ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
