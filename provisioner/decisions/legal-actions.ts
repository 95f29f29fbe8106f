// Which action is legal when: one table, by which the API refuses, and the CLI and the console offer.
import { type Stage, stages } from "../resources/stages.ts";
import { type Facts, isWipeDue } from "./facts.ts";
import { nextStep } from "./next-step.ts";

interface Legality {
  readonly in: readonly Stage[];
  /** What else must not be, as a refusal reads. */
  readonly unless?: ReadonlyArray<readonly [why: string, when: (facts: Facts) => boolean]>;
}

const isAssigned = ["it is assigned: release it first", (f: Facts) => f.assignment !== "none"] as const;
const isFree = ["it is not assigned", (f: Facts) => f.assignment === "none"] as const;
const isLeaving = ["it is being released already", (f: Facts) => f.assignment === "leaving"] as const;
const isBeingWiped = ["its disks are being wiped", (f: Facts) => f.wipe === "running"] as const;
const isDue = ["its disks are to be wiped", (f: Facts) => isWipeDue(f)] as const;
const hasNoBmc = ["there is no account to its BMC", (f: Facts) => f.bmc !== "ready"] as const;
const isUnaccepted = ["it is not accepted", (f: Facts) => f.admission !== "accepted"] as const;

const known = ["inspecting", "wiping", "settingUpBmc", "pool", "stopped", "failed"] as const;
const owned = ["installing", "starting", "running"] as const;
const working = [...known, "releasing", ...owned] as const;

const table = {
  accept: { in: ["discovered", "rejected"] },
  reject: { in: ["discovered", "conflicted", ...known], unless: [isAssigned, isBeingWiped] },
  cordon: { in: ["discovered", "conflicted", ...working] },
  uncordon: { in: ["cordoned"] },
  /** To say which of two machines is meant. */
  resolve: { in: ["conflicted"] },
  assign: { in: ["pool"] },
  /** An operator's word, where no other evidence comes. */
  confirmInstalled: { in: ["installing", "failed"], unless: [isFree, isLeaving, isDue] },
  /** Takes a machine with what is on its disks: only where no wipe has begun. */
  adopt: { in: ["discovered", "inspecting", "wiping"], unless: [isAssigned, isBeingWiped] },
  release: { in: [...owned, "stopped", "failed"], unless: [isFree, isLeaving] },
  /** Of a machine that nobody uses. */
  wipe: { in: ["pool", "failed"], unless: [isAssigned] },
  /** Puts its node on another image. */
  upgrade: { in: ["running"], unless: [isFree, isLeaving, isDue] },
  /** Wipes a machine that is in use and installs it anew. */
  reinstall: { in: [...owned, "failed"], unless: [isFree, isLeaving] },
  retry: { in: ["failed"] },
  powerOn: { in: working },
  powerOff: { in: working, unless: [isBeingWiped] },
  powerAutomatic: { in: working },
  powerCycle: { in: working, unless: [isBeingWiped, hasNoBmc] },
  remove: {
    in: ["rejected", "cordoned", "discovered", "conflicted", ...known],
    unless: [isAssigned, isBeingWiped],
  },
  /** Shines the light on its front. */
  identify: { in: stages, unless: [isUnaccepted, hasNoBmc] },
} as const satisfies Readonly<Record<string, Legality>>;

export type Action = keyof typeof table;
export const actions = Object.keys(table) as readonly Action[];

/** Why an action is not legal now; undefined when it is. */
export function refusal(action: Action, facts: Facts): string | undefined {
  const legality: Legality = table[action];
  const { stage, why } = nextStep(facts);
  const obstacle = legality.unless?.find(([, when]) => when(facts));
  if (!legality.in.includes(stage)) return `it is ${inWords[stage]}: ${why}`;
  return obstacle?.[0];
}

export const legalActions = (facts: Facts): readonly Action[] =>
  actions.filter((action) => refusal(action, facts) === undefined);

const inWords: Readonly<Record<Stage, string>> = {
  rejected: "rejected",
  cordoned: "cordoned",
  removing: "being removed",
  conflicted: "in conflict",
  discovered: "not accepted",
  failed: "failed",
  inspecting: "being inspected",
  releasing: "being released",
  wiping: "being wiped",
  settingUpBmc: "waiting for its BMC",
  stopped: "stopped",
  pool: "in the pool",
  installing: "being installed",
  starting: "starting",
  running: "running",
};
