// Control groups, version 2 (Linux, Documentation/admin-guide/cgroup-v2.rst).
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Clock, sleep } from "../../../cosi/clock.ts";

/** What a group of processes may use at most; what is not said is not limited. */
export interface Limits {
  readonly memoryMaxBytes?: number | undefined;
  /** Beyond it the kernel takes memory back, and slows down. */
  readonly memoryHighBytes?: number | undefined;
  readonly pidsMax?: number | undefined;
  /** Its share of a busy processor: 100 is usual. */
  readonly cpuWeight?: number | undefined;
  /** In hundredths of one processor. */
  readonly cpuMaxPercent?: number | undefined;
}

const cpuPeriodUs = 100_000;

const files: readonly (readonly [file: string, value: (limits: Limits) => number | string | undefined])[] = [
  ["memory.max", ({ memoryMaxBytes }) => memoryMaxBytes],
  ["memory.high", ({ memoryHighBytes }) => memoryHighBytes],
  ["pids.max", ({ pidsMax }) => pidsMax],
  ["cpu.weight", ({ cpuWeight }) => cpuWeight],
  [
    "cpu.max",
    ({ cpuMaxPercent }) =>
      cpuMaxPercent === undefined ? undefined : `${(cpuMaxPercent / 100) * cpuPeriodUs} ${cpuPeriodUs}`,
  ],
];

const controllers = "+cpu +memory +pids";
const emptyWithinMs = 5_000;
const lookEveryMs = 20;

/** A group of processes that are limited and ended together, however often they forked. */
export class Cgroup {
  readonly #parent: string;
  readonly #path: string;

  /** `parent` is a group of groups, and holds no process itself. */
  constructor(parent: string, name: string) {
    this.#parent = parent;
    this.#path = join(parent, name);
    mkdirSync(this.#path, { recursive: true });
  }

  /**
   * Runs `start`, whose child is of this group from its first instruction on: this process is of the group until `start`
   * has returned. Nothing is limited before that, so that nothing happens to this process.
   */
  startInside<T>(start: () => T): T {
    const own = this.#ownGroup();
    writeFileSync(join(this.#path, "cgroup.procs"), "0");
    try {
      return start();
    } finally {
      writeFileSync(join(own, "cgroup.procs"), "0");
    }
  }

  /** Throws when the kernel cannot limit that. */
  limit(limits: Limits): void {
    const wanted = files.flatMap(([file, valueOf]) => {
      const value = valueOf(limits);
      return value === undefined ? [] : [[file, String(value)] as const];
    });
    if (wanted.length === 0) return;
    // A group has the controllers that each one above it hands on.
    for (const group of groupsDownTo(this.#parent))
      writeFileSync(join(group, "cgroup.subtree_control"), controllers);
    for (const [file, value] of wanted) writeFileSync(join(this.#path, file), value);
  }

  /** Ends every process of the group, and the group. */
  async end(clock: Clock, signal: AbortSignal): Promise<void> {
    writeFileSync(join(this.#path, "cgroup.kill"), "1");
    const deadline = clock.elapsedMs() + emptyWithinMs;
    while (this.#isPopulated()) {
      if (clock.elapsedMs() > deadline) throw new Error(`Cannot end ${this.#path}: its processes do not end`);
      await sleep(clock, lookEveryMs, signal);
    }
    rmdirSync(this.#path);
  }

  #isPopulated(): boolean {
    return /^populated 1$/m.test(readFileSync(join(this.#path, "cgroup.events"), "latin1"));
  }

  /** Where this process is now. The parent's mount is above it. */
  #ownGroup(): string {
    const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "latin1"))?.[1] ?? "/";
    const mounted = mountOf(this.#parent);
    return join(mounted, own);
  }
}

function groupsDownTo(folder: string): string[] {
  const mounted = mountOf(folder);
  const steps = relative(mounted, folder).split("/");
  return [mounted, ...steps.map((_, at) => join(mounted, ...steps.slice(0, at + 1)))];
}

/** The mount point of the hierarchy that holds this folder. */
function mountOf(folder: string): string {
  const points = readFileSync("/proc/self/mounts", "latin1")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, point, type]) => type === "cgroup2" && point && `${folder}/`.startsWith(`${point}/`))
    .map(([, point]) => point!);
  const nearest = points.sort((a, b) => b.length - a.length)[0];
  if (nearest === undefined) throw new Error(`Cannot find the control groups that hold ${folder}`);
  return nearest;
}
