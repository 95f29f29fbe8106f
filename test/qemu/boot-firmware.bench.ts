// Seconds from power-on to a running kernel on the lab's link, for each kind of firmware, beside the goal for it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison } from "../../workshop/bench.ts";
import { machineLab } from "../../workshop/suites.ts";

const goalS = { SeaBIOS: 5, OVMF: 12 };

/** `npm run bench -- boot-firmware [ROUNDS [PART-OF-A-NAME …]]` */
export async function bench({ args }: { args: readonly string[] }): Promise<Comparison[]> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-boot-times-"));
  try {
    const result = join(folder, "result.json");
    const status = await machineLab(join(import.meta.dirname, "boot-times/main.ts"), [result, ...args]);
    if (status !== 0) throw new Error("Cannot measure: a machine did not boot");
    const seconds = JSON.parse(readFileSync(result, "utf8")) as Record<string, number>;
    return Object.entries(seconds).map(([name, ours]) => ({
      name: `${name}, power-on to kernel`,
      unit: "s",
      ours,
      peer: name.startsWith("OVMF") ? goalS.OVMF : goalS.SeaBIOS,
      better: "lower",
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
