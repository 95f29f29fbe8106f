// What operators of a node wait for, on two emulated processors and 1 GiB: the firmware's hand-over to the first answer
// from disk, installing, upgrading, a config's effect; and what the node then costs. Upstream's system cannot be had as
// an image here, so each peer is a goal of ours.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison } from "../../workshop/bench.ts";
import { machineLab } from "../../workshop/suites.ts";
import type { NodeTimes, Timed } from "./node-times/phases.ts";

const goals = { readyS: 30, installS: 45, upgradeS: 90, applyS: 2, callsPerSecond: 50, megabytes: 120 };

/** `npm run bench -- node` */
export async function bench({ log }: { log: (line: string) => void }): Promise<Comparison[]> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-node-times-"));
  try {
    const result = join(folder, "result.json");
    const status = await machineLab(join(import.meta.dirname, "node-times/main.ts"), [result]);
    if (status !== 0) throw new Error("Cannot measure: the node did not do what was asked");
    const times = JSON.parse(readFileSync(result, "utf8")) as NodeTimes;
    const lower = (name: string, unit: string, ours: number, peer: number) =>
      ({ name: `node: ${name}`, unit, ours, peer, better: "lower" }) as const;
    const timed = (name: string, { seconds, phases }: Timed, goalS: number) => {
      log(`${name}: ${seconds.toFixed(2)} s`);
      for (const [phase, lasts] of phases) log(`  ${phase.padEnd(22)}${lasts.toFixed(2).padStart(7)} s`);
      return lower(name, "s", seconds, goalS);
    };
    const ready = timed("the firmware's hand-over to the API's first answer", times.ready, goals.readyS);
    const comparisons: Comparison[] = [
      lower("memory of PID 1", "MB", times.megabytes, goals.megabytes),
      {
        ...{ name: "node: unary calls over mutual TLS", unit: "/s", better: "higher" },
        ...{ ours: times.callsPerSecond, peer: goals.callsPerSecond },
      },
      timed("config applied to effect", times.apply, goals.applyS),
      timed("install", times.install, goals.installS),
      timed("upgrade, until it is kept", times.upgrade, goals.upgradeS),
    ];
    log(
      "Each peer is a goal: upstream's system cannot be had here as an image. The last line is the firmware's",
    );
    log("hand-over to the API's first answer.");
    return [...comparisons, { ...ready, name: "node" }];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
