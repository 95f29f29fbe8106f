// What a rack's machines took, and whose part it was: pure.
import { milestones } from "../lab/milestones.ts";

export interface RackTimes {
  readonly firmware: "bios" | "uefi";
  readonly size: number;
  /** Of each machine: seconds from its power-on to each milestone that it reached. */
  readonly machines: readonly Readonly<Record<string, number>>[];
}

/** Until a machine asks what to boot, its firmware and its loader are at work; everything behind is ours. */
const asks = "PXE";
const goal = "pool";

export interface Parts {
  readonly firmwareS: number;
  readonly oursS: number;
}

/** Of the machine that came last. */
export function partsOf({ machines }: RackTimes): Parts {
  const last = machines.reduce((slowest, one) => ((one[goal] ?? 0) > (slowest[goal] ?? 0) ? one : slowest));
  const firmwareS = last[asks] ?? 0;
  return { firmwareS, oursS: (last[goal] ?? 0) - firmwareS };
}

/** A line for each milestone: the first machine and the last. */
export function timeTable({ firmware, size, machines }: RackTimes): string[] {
  const rows = milestones.flatMap(({ name }) => {
    const seconds = machines.flatMap((one) => one[name] ?? []);
    if (seconds.length === 0) return [];
    const [first, last] = [Math.min(...seconds), Math.max(...seconds)].map((it) => it.toFixed(1).padStart(6));
    return [`  ${name.padEnd(10)}${first} s${size > 1 ? ` … ${last} s` : ""}`];
  });
  return [`${firmware === "bios" ? "BIOS" : "UEFI"}, ${size} at once, from power-on:`, ...rows];
}
