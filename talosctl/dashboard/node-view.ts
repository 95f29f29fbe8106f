import type { Counters, Sample } from "./sample.ts";

/** What is known of a node: the last samples, the last lines of its log, and why it says nothing now. */
export interface NodeView {
  readonly node: string;
  /** The oldest first. */
  readonly samples: readonly Sample[];
  readonly log: readonly string[];
  readonly failure: string | undefined;
}

export interface Rate {
  readonly name: string;
  readonly inPerS: number;
  readonly outPerS: number;
}

const keptSamples = 60;
const keptLines = 500;

export const newView = (node: string): NodeView => ({ node, samples: [], log: [], failure: undefined });

export const withSample = (view: NodeView, sample: Sample): NodeView => ({
  ...view,
  samples: [...view.samples, sample].slice(-keptSamples),
  failure: undefined,
});

export const withLog = (view: NodeView, text: string): NodeView => ({
  ...view,
  log: [...view.log, ...text.split("\n").filter((line) => line !== "")].slice(-keptLines),
});

/** How busy its processors were, from 0 to 1, between each sample and the one before. */
export const cpuHistory = ({ samples }: NodeView): number[] =>
  samples.slice(1).map(({ cpu }, nth) => {
    const before = samples[nth]!.cpu;
    const total = cpu.total - before.total;
    return total > 0 ? Math.max(0, (cpu.busy - before.busy) / total) : 0;
  });

/** Bytes a second between the last two samples; a counter that begins anew has no rate. */
export function ratesOf({ samples }: NodeView, kind: "links" | "disks"): Rate[] {
  const [before, last] = samples.slice(-2);
  if (!before || !last) return [];
  const seconds = (last.atMs - before.atMs) / 1000;
  return last[kind].map((now) => {
    const then = before[kind].find(({ name }) => name === now.name) ?? now;
    const rate = (which: keyof Omit<Counters, "name">) =>
      seconds > 0 ? Math.max(0, now[which] - then[which]) / seconds : 0;
    return { name: now.name, inPerS: rate("in"), outPerS: rate("out") };
  });
}
