// The way of a machine from its power-on to its work, as the provisioner's records show it: pure, so that the same
// milestones serve the terminal, the tests and the benchmark.

/** A kind of the provisioner's API that tells of machines, and what its records are read for. */
export const watched = [
  "boot-statuses",
  "admissions",
  "bmcs",
  "wipe-statuses",
  "machine-statuses",
  "assignments",
  "installations",
] as const;
export type Watched = (typeof watched)[number];

/** What is read of those records. */
export interface RecordSpec {
  readonly state?: string;
  readonly stage?: string;
  readonly why?: string;
  readonly version?: string;
  readonly by?: string;
  readonly address?: string;
  readonly profile?: string;
  readonly evidence?: string;
  readonly wipedAt?: number;
  /** Of what is installed: the wipe on top of which it was. */
  readonly wipeId?: number;
  readonly run?: { readonly state: string; readonly progress?: readonly DiskProgress[] };
}

interface DiskProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface Milestone {
  readonly name: string;
  readonly kind: Watched;
  /** What is said of it when it is reached; undefined while it is not. */
  readonly reached: (spec: RecordSpec) => string | undefined;
}

const reachedWhen =
  (holds: (spec: RecordSpec) => boolean, text: (spec: RecordSpec) => string) =>
  (spec: RecordSpec): string | undefined =>
    holds(spec) ? text(spec) : undefined;

/** In the order in which a machine passes them; one without a BMC passes one by. */
export const milestones: readonly Milestone[] = [
  {
    name: "PXE",
    kind: "boot-statuses",
    reached: reachedWhen(
      ({ state }) => state === "booting",
      ({ why }) => `asks what to boot: ${why}`,
    ),
  },
  {
    name: "agent",
    kind: "boot-statuses",
    reached: reachedWhen(
      ({ state }) => state === "agent",
      ({ version }) => `its agent ${version} has come`,
    ),
  },
  {
    name: "accepted",
    kind: "admissions",
    reached: reachedWhen(
      ({ state }) => state === "accepted",
      ({ why }) => `accepted: ${why}`,
    ),
  },
  {
    name: "wiped",
    kind: "wipe-statuses",
    reached: reachedWhen(
      ({ wipedAt = 0 }) => wipedAt > 0,
      () => "all of its disks are wiped and read back",
    ),
  },
  { name: "BMC", kind: "bmcs", reached: ({ address }) => `an account on its BMC, ${address}` },
  {
    name: "pool",
    kind: "machine-statuses",
    reached: reachedWhen(
      ({ stage }) => stage === "pool",
      ({ why }) => `in the pool: ${why}`,
    ),
  },
  { name: "assigned", kind: "assignments", reached: ({ profile }) => `assigned: ${profile}` },
  {
    name: "installed",
    kind: "installations",
    reached: ({ evidence }) => `installed: ${evidence} says so`,
  },
  {
    name: "running",
    kind: "machine-statuses",
    reached: reachedWhen(
      ({ stage }) => stage === "running",
      ({ why }) => `running: ${why}`,
    ),
  },
];

/** How much of its disks is wiped, from 0 to 1; undefined when nothing is being wiped. */
export function wipeDone({ run }: RecordSpec): number | undefined {
  if (run?.state !== "running") return undefined;
  const sum = (of: (disk: DiskProgress) => number) =>
    (run.progress ?? []).reduce((total, disk) => total + of(disk), 0);
  const total = sum(({ totalBytes }) => totalBytes);
  return total === 0 ? 0 : sum(({ doneBytes }) => doneBytes) / total;
}
