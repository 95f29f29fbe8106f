// `npm run bench -- NAME`: runs NAME.bench.ts and prints its comparisons, the main one last.
import { findModule } from "./find-module.ts";

/** One figure of ours beside the same figure of a peer (or of a goal, when no peer exists), from the same run. */
export interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  /** "higher" when more is better. The ratio is printed so that above 1 means that ours wins. */
  readonly better: "higher" | "lower";
}

/** What a NAME.bench.ts exports. Prints what it likes through `log`; the last comparison is the main one. */
export interface BenchModule {
  readonly bench: (options: {
    log: (line: string) => void;
    args: readonly string[];
  }) => Promise<readonly Comparison[]>;
}

const [name, ...args] = process.argv.slice(2);
const module = (await findModule("bench", name)) as BenchModule;
const figure = (value: number) =>
  value.toLocaleString("en", { maximumSignificantDigits: 4, useGrouping: false });

for (const { name, unit, ours, peer, better } of await module.bench({ log: console.log, args })) {
  const ratio = better === "higher" ? ours / peer : peer / ours;
  console.log(
    `${name}: ours ${figure(ours)} ${unit}, peer ${figure(peer)} ${unit}, ratio ${ratio.toFixed(2)}`,
  );
}
