/** Something that took its time, and what it was made of, in its order. */
export interface Timed {
  readonly seconds: number;
  readonly phases: readonly (readonly [name: string, seconds: number])[];
}

/** What a running node costs and takes. */
export interface NodeTimes {
  /** From the boot loader's first word to the first answer over the API. */
  readonly ready: Timed;
  readonly install: Timed;
  /** From the order until the other slot is the one that is booted from now on. */
  readonly upgrade: Timed;
  /** From an applied config to its effect in the kernel. */
  readonly apply: Timed;
  readonly callsPerSecond: number;
  readonly megabytes: number;
}

const stamp = /\[ *(\d+\.\d+)\]/;

/** When the kernel wrote the line, by its own clock. */
export function at(console: string, pattern: RegExp): number {
  const line = console.split("\n").find((it) => pattern.test(it));
  const seconds = stamp.exec(line ?? "")?.[1];
  if (seconds === undefined) throw new Error(`Cannot find ${pattern} on the console`);
  return Number(seconds);
}

/** Each phase ends where the next begins; together they last as long as the whole. */
export function between(startS: number, ends: readonly (readonly [name: string, endS: number])[]): Timed {
  const phases = ends.map(([name, endS], nth) => [name, endS - (ends[nth - 1]?.[1] ?? startS)] as const);
  return { seconds: (ends.at(-1)?.[1] ?? startS) - startS, phases };
}

/** What a netbooted machine's console tells of its way onto its disk. */
export function installTimes(console: string): Timed {
  const step = (name: string) => at(console, new RegExp(`ingot: install: ${name}`));
  return between(step("http"), [
    ["clearing the disk", step("writing the image")],
    ["the image", step("writing the boot loader")],
    ["boot loader, META", step("writing STATE")],
    ["STATE", step("writing the partition table")],
    ["partition table", step("done")],
  ]);
}
