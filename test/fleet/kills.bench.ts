// `npm run bench -- kills [MACHINES] [KILLS] [SEED]`: every machine reaches its goal although the provisioner's process is
// killed again and again, and nothing is done twice.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchModule } from "../../workshop/bench.ts";
import { liveThroughKills } from "./kills.ts";

export const bench: BenchModule["bench"] = async ({ log, args }) => {
  const [machines = 200, kills = 50, seed = 1] = args.map(Number);
  const folder = await mkdtemp(join(tmpdir(), "fleet-kills-"));
  try {
    const signal = AbortSignal.timeout(30 * 60_000);
    const result = await liveThroughKills({ folder, machines, kills, seed, lifeMs: 3_000, log, signal });
    const { violations, wipes, boots, configs, tookMs } = result;
    for (const violation of violations) log(`VIOLATION: ${violation}`);
    if (violations.length > 0) throw new Error(`${violations.length} things happened that must not`);
    log(`${boots} boots, ${wipes} wipes, ${configs.length} installations in ${Math.round(tookMs / 1000)} s`);
    const wanted = Math.floor(machines * 1.25);
    return [
      {
        name: `wipes of ${machines} machines, ${kills} kills`,
        unit: "wipes",
        ours: wipes,
        peer: wanted,
        better: "lower",
      },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
};
