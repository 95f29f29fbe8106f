// `rack-times RESULT-FILE [FIRMWARE [COUNT …]]`: seconds from power-on to each milestone on the way to the pool, of machines
// that are turned on at once. Runs inside namespaces (boot.bench.ts).
import { writeFileSync } from "node:fs";
import { openTestLab } from "../lab/test-lab.ts";
import type { RackTimes } from "./times.ts";

const [resultFile = "", only = "all", ...counts] = process.argv.slice(2);
const firmwares = (["bios", "uefi"] as const).filter((one) => only === "all" || only === one);
const sizes = counts.length > 0 ? counts.map(Number) : [1, 2, 4, 8];
const times: RackTimes[] = [];
for (const firmware of firmwares) {
  for (const size of sizes) {
    const machines = Array.from(
      { length: size },
      (_, nth) => `- { name: m${nth}, firmware: ${firmware}, disks: [{ bus: nvme, megabytes: 64 }] }`,
    );
    await using lab = await openTestLab(`times ${firmware} ${size}`, `machines:\n${machines.join("\n")}`);
    await lab.placeAll();
    const { board } = lab.site;
    await Promise.all(board.machines.map((name) => lab.reaches(name, "pool")));
    times.push({ firmware, size, machines: board.machines.map((name) => board.timesOf(name)) });
  }
}
writeFileSync(resultFile, JSON.stringify(times));
