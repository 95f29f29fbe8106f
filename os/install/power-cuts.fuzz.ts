// Lives of 50 upgrades each, most of them losing their power at a random write, on a disk that forgets.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FuzzModule } from "../../workshop/fuzz.ts";
import { runTool } from "../kernel/run-tool.ts";
import { installedDisk, installThroughCuts, randomOf, upgradeThroughCuts } from "./power-cuts.ts";

const upgradesPerLife = 50;
const cutsPerInstall = 10;

/** A run is an upgrade. */
export const fuzz: FuzzModule["fuzz"] = async ({ runs, seed, log }) => {
  const scratch = mkdtempSync(join(tmpdir(), "ingot-power-cuts-"));
  const around = { scratch, run: runTool((child) => child) };
  try {
    const disk = await installedDisk(randomOf(seed), around);
    let cuts = 0;
    let kept = 0;
    for (let life = 1; life * upgradesPerLife <= Math.max(runs, upgradesPerLife); life++) {
      try {
        const tally = await upgradeThroughCuts(disk.copy(), randomOf(seed + life), upgradesPerLife);
        cuts += tally.cuts;
        kept += tally.kept;
        if (life % 10 === 0) await installThroughCuts(randomOf(seed + life), cutsPerInstall, around);
      } catch (cause) {
        throw new Error(`Cannot get through life ${life} of seed ${seed}`, { cause });
      }
    }
    log(`the power was lost in ${cuts} upgrades; ${kept} images were kept; every machine booted`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
};
