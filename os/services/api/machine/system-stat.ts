import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type KernelFiles, type MachineHandlers, one } from "./handler.ts";

/** The kernel counts time in these, whatever its own clock is (USER_HZ). */
export const ticksPerSecond = 100;

const cpuFields = [
  "user",
  "nice",
  "system",
  "idle",
  "iowait",
  "irq",
  "softIrq",
  "steal",
  "guest",
  "guestNice",
] as const;

const softIrqFields = [
  "hi",
  "timer",
  "netTx",
  "netRx",
  "block",
  "blockIoPoll",
  "tasklet",
  "sched",
  "hrtimer",
  "rcu",
] as const;

/** /proc/stat (proc_stat(5)). */
export function parseStat(text: string) {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const numbers = (name: string) => lines.find(([first]) => first === name)?.slice(1) ?? [];
  const count = (name: string) => BigInt(numbers(name)[0] ?? 0);
  const [irqTotal = "0", ...irq] = numbers("intr");
  const [softIrqTotal = "0", ...softIrq] = numbers("softirq");
  const cpus = lines.filter(([name]) => /^cpu\d+$/.test(name!));
  return {
    bootTime: count("btime"),
    cpuTotal: cpuStat(numbers("cpu")),
    cpu: cpus.map(([, ...ticks]) => cpuStat(ticks)),
    irqTotal: BigInt(irqTotal),
    irq: irq.map(BigInt),
    contextSwitches: count("ctxt"),
    processCreated: count("processes"),
    processRunning: count("procs_running"),
    processBlocked: count("procs_blocked"),
    softIrqTotal: BigInt(softIrqTotal),
    softIrq: Object.fromEntries(softIrqFields.map((field, at) => [field, BigInt(softIrq[at] ?? 0)])),
  };
}

const cpuStat = (ticks: readonly string[]) =>
  Object.fromEntries(cpuFields.map((field, at) => [field, Number(ticks[at] ?? 0) / ticksPerSecond]));

export const systemStat = ({ proc }: Pick<KernelFiles, "proc">): MachineHandlers<"systemStat"> => ({
  systemStat: async () => one(parseStat(await readFile(join(proc, "stat"), "utf8"))),
});
