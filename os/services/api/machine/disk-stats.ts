import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type KernelFiles, type MachineHandlers, one } from "./handler.ts";

/** Linux, Documentation/admin-guide/iostats.rst, in its order. */
const fields = [
  "readCompleted",
  "readMerged",
  "readSectors",
  "readTimeMs",
  "writeCompleted",
  "writeMerged",
  "writeSectors",
  "writeTimeMs",
  "ioInProgress",
  "ioTimeMs",
  "ioTimeWeightedMs",
  "discardCompleted",
  "discardMerged",
  "discardSectors",
  "discardTimeMs",
] as const;
type Counters = Record<(typeof fields)[number], bigint>;

/** /proc/diskstats: major, minor, name, counters. */
export function parseDiskstats(text: string) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const devices = lines.map((line) => {
    const [, , name = "", ...counters] = line.trim().split(/\s+/);
    const values = fields.map((field, at) => [field, BigInt(counters[at] ?? 0)] as const);
    return { name, ...(Object.fromEntries(values) as Counters) };
  });
  const sum = (field: keyof Counters) => devices.reduce((total, device) => total + device[field], 0n);
  const totals = fields.map((field) => [field, sum(field)] as const);
  return { total: { name: "", ...(Object.fromEntries(totals) as Counters) }, devices };
}

export const diskStats = ({ proc }: Pick<KernelFiles, "proc">): MachineHandlers<"diskStats"> => ({
  diskStats: async () => one(parseDiskstats(await readFile(join(proc, "diskstats"), "utf8"))),
});
