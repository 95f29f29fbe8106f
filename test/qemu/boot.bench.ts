// Seconds from power-on to the pool, of 1, 2, 4 and 8 machines at once: our part beside the firmware's, which nobody can
// make shorter.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison } from "../../workshop/bench.ts";
import { machineLab } from "../../workshop/suites.ts";
import { partsOf, type RackTimes, timeTable } from "./rack-times/times.ts";

/** `npm run bench -- boot [bios|uefi|all [COUNT …]]` */
export async function bench({
  args,
  log,
}: {
  args: readonly string[];
  log: (line: string) => void;
}): Promise<Comparison[]> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-rack-times-"));
  try {
    const result = join(folder, "result.json");
    const status = await machineLab(join(import.meta.dirname, "rack-times/main.ts"), [result, ...args]);
    if (status !== 0) throw new Error("Cannot measure: a machine did not come to the pool");
    const times = JSON.parse(readFileSync(result, "utf8")) as RackTimes[];
    for (const line of times.flatMap(timeTable)) log(line);
    return times.map((one) => {
      const { firmwareS, oursS } = partsOf(one);
      const kind = one.firmware === "bios" ? "BIOS" : "UEFI";
      const name = `${kind} x${one.size}, boot question to pool, beside the firmware's part`;
      return { name, unit: "s", ours: oursS, peer: firmwareS, better: "lower" };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
