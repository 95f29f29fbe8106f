// Kernel start to agent hello on two emulated processors and 1 GiB, by phases, and what PID 1 then holds of memory.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison } from "../../workshop/bench.ts";
import { machineLab } from "../../workshop/suites.ts";
import type { HelloTimes } from "./hello-times/phases.ts";

const goals = { helloS: 8, megabytes: 90 };

/** `npm run bench -- hello [ROUNDS]` */
export async function bench({
  args,
  log,
}: {
  args: readonly string[];
  log: (line: string) => void;
}): Promise<Comparison[]> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-hello-times-"));
  try {
    const result = join(folder, "result.json");
    const status = await machineLab(join(import.meta.dirname, "hello-times/main.ts"), [result, ...args]);
    if (status !== 0) throw new Error("Cannot measure: a machine did not say hello");
    const { helloS, megabytes, phases } = JSON.parse(readFileSync(result, "utf8")) as HelloTimes;
    for (const { name, seconds } of phases)
      log(
        `${name.padEnd(18)}${seconds.toFixed(2).padStart(6)} s ${((100 * seconds) / helloS).toFixed(0).padStart(3)} %`,
      );
    return [
      { name: "PID 1's memory", unit: "MB", ours: megabytes, peer: goals.megabytes, better: "lower" },
      { name: "kernel start to hello", unit: "s", ours: helloS, peer: goals.helloS, better: "lower" },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
