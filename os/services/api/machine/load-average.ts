import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type KernelFiles, type MachineHandlers, one } from "./handler.ts";

export const loadAverage = ({ proc }: Pick<KernelFiles, "proc">): MachineHandlers<"loadAvg"> => ({
  async loadAvg() {
    const [load1 = 0, load5 = 0, load15 = 0] = (await readFile(join(proc, "loadavg"), "utf8"))
      .split(" ")
      .map(Number);
    return one({ load1, load5, load15 });
  },
});
