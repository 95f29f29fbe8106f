import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { type KernelFiles, type MachineHandlers, one } from "./handler.ts";
import { ticksPerSecond } from "./system-stat.ts";

const pageBytes = 4096n;

/** /proc/PID/stat (proc_pid_stat(5)). The command is in brackets, and may hold brackets and spaces itself. */
export function parseProcessStat(text: string) {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const [state = "", ppid, ...rest] = text.slice(close + 2).split(" ");
  // Counted from field 5 of the manual page, which is rest[0].
  const field = (number: number) => rest[number - 5] ?? "0";
  return {
    pid: Number(text.slice(0, open)),
    command: text.slice(open + 1, close),
    state,
    ppid: Number(ppid),
    cpuTime: (Number(field(14)) + Number(field(15))) / ticksPerSecond,
    threads: Number(field(20)),
    virtualMemory: BigInt(field(23)),
    residentMemory: BigInt(field(24)) * pageBytes,
  };
}

export const processes = ({ proc }: Pick<KernelFiles, "proc">): MachineHandlers<"processes"> => ({
  async processes() {
    const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(pids.map((pid) => readProcess(join(proc, pid))));
    return one({ processes: found.filter((it) => it !== undefined) });
  },
});

/** Undefined when it ended meanwhile. */
async function readProcess(folder: string) {
  const orEmpty = () => "";
  const [stat, args, executable, label] = await Promise.all([
    readFile(join(folder, "stat"), "utf8").catch(orEmpty),
    readFile(join(folder, "cmdline"), "utf8").catch(orEmpty),
    // Threads of the kernel have no executable.
    readlink(join(folder, "exe")).catch(orEmpty),
    readFile(join(folder, "attr/current"), "utf8").catch(orEmpty),
  ]);
  if (stat === "") return undefined;
  return {
    ...parseProcessStat(stat),
    executable,
    args: args.replaceAll("\0", " ").trim(),
    label: label.replaceAll("\0", "").trim(),
  };
}
