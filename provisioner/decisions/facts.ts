import type { ResourceOf, ResourceType, SpecOf } from "../../cosi/resource.ts";
import type { Admission } from "../resources/admission.ts";
import type { Assignment } from "../resources/assignment.ts";
import type { BmcConfig } from "../resources/bmc-config.ts";
import type { BootStatus } from "../resources/boot-status.ts";
import type { IdentityConflict } from "../resources/identity-conflict.ts";
import type { Installation } from "../resources/installation.ts";
import type { Inventory } from "../resources/inventory.ts";
import type { Machine } from "../resources/machine.ts";
import type { MachineStatus } from "../resources/machine-status.ts";
import type { NodeOrder } from "../resources/node-order.ts";
import type { PowerStatus } from "../resources/power-status.ts";
import type { WipeStatus } from "../resources/wipe-status.ts";

/** All that decisions about a machine's life rest on: each fact from one record, none from looking at a disk. */
export interface Facts {
  readonly admission: "waiting" | "accepted" | "rejected";
  readonly cordoned: boolean;
  readonly removing: boolean;
  /** Another machine claims to be this one. */
  readonly conflicted: boolean;
  /** Its inventory is in. */
  readonly inspected: boolean;
  readonly assignment: "none" | "made" | "leaving";
  /** Its disks shall have been wiped under at least this number, … */
  readonly wipeAsked: number;
  /** … were wiped under this one (or an adoption waived it; 0: never), … */
  readonly wipedAt: number;
  /** … and a system was installed on top of this one. */
  readonly installedAt: number | undefined;
  readonly wipe: "idle" | "running" | "failed";
  /** What answers on it now. */
  readonly runs: "agent" | "system" | "unseen";
  /** The system that runs says that nothing is missing; one that cannot say so is believed to be. */
  readonly ready: boolean;
  /** The system that runs is to erase itself before anybody ends it: it is a node that we are known to. */
  readonly resets: boolean;
  readonly bmc: "none" | "noAccount" | "ready";
  readonly power: "on" | "off" | "unknown";
  readonly powerAsked: "automatic" | "on" | "off";
  /** Retries are used up, and nobody has asked for more. */
  readonly gaveUp: boolean;
}

export const isWipeDue = (facts: Facts) => facts.wipedAt < facts.wipeAsked;
export const isInstalled = ({ installedAt, wipedAt }: Facts) =>
  installedAt !== undefined && installedAt >= wipedAt;

type Of<Type extends ResourceType> = Pick<ResourceOf<Type>, "spec">;
/** With what the engine knows of a resource's end. */
type Living<Type extends ResourceType> = Of<Type> & {
  readonly metadata: Pick<ResourceOf<Type>["metadata"], "phase">;
};

/** With its place among all that was ever written. */
type Dated<Type extends ResourceType> = Of<Type> & {
  readonly metadata: Pick<ResourceOf<Type>["metadata"], "version">;
};

export interface Records {
  readonly machine: Living<typeof Machine>;
  readonly admission?: Of<typeof Admission> | undefined;
  readonly assignment?: Living<typeof Assignment> | undefined;
  readonly bmcConfig?: Of<typeof BmcConfig> | undefined;
  readonly boot?: Dated<typeof BootStatus> | undefined;
  readonly conflict?: Of<typeof IdentityConflict> | undefined;
  readonly installation?: Dated<typeof Installation> | undefined;
  readonly inventory?: Of<typeof Inventory> | undefined;
  readonly nodeOrder?: Of<typeof NodeOrder> | undefined;
  readonly power?: Of<typeof PowerStatus> | undefined;
  readonly status?: Of<typeof MachineStatus> | undefined;
  readonly wipe?: Of<typeof WipeStatus> | undefined;
}

/** The facts that a machine's records amount to. */
export function gatherFacts(records: Records): Facts {
  const { machine, admission, inventory, power } = records;
  const wipeAsked = askedWipe(records);
  const wipedAt = Math.max(records.wipe?.spec.wipedAt ?? 0, waivedWipe(records));
  const running = runningNow(records, wipedAt);
  return {
    admission: admission?.spec.state ?? "waiting",
    cordoned: machine.spec.cordon !== undefined,
    removing: machine.metadata.phase === "tearingDown",
    conflicted: records.conflict !== undefined,
    inspected: inventory !== undefined,
    assignment: assignmentOf(records),
    wipeAsked,
    wipedAt,
    installedAt: installedOn(records),
    wipe: wipeRun(records, wipeAsked),
    ...running,
    resets: running.runs === "system" && mayReset(records, wipeAsked),
    bmc: records.bmcConfig ? "ready" : inventory?.spec.bmc ? "noAccount" : "none",
    power: power?.spec.power ?? "unknown",
    powerAsked: machine.spec.power,
    gaveUp: hasGivenUp(records),
  };
}

function assignmentOf({ assignment }: Records): Facts["assignment"] {
  if (!assignment) return "none";
  return assignment.metadata.phase === "tearingDown" ? "leaving" : "made";
}

/** Who asks last asks most: the operator by the machine's number, a release by the one after all that was asked. */
function askedWipe(records: Records): number {
  const { machine, assignment } = records;
  return assignmentOf(records) === "leaving" ? wipeOfRelease(machine, assignment!) : machine.spec.wipeId;
}

/** The wipe that a release takes: also after one that was asked for while the machine was assigned. */
export const wipeOfRelease = (machine: Of<typeof Machine>, assignment: Of<typeof Assignment>): number =>
  Math.max(machine.spec.wipeId, assignment.spec.wipeId) + 1;

/** An adopted machine was never wiped by us, and shall not be because of that. */
const waivedWipe = ({ assignment }: Records) =>
  assignment?.spec.how === "adopt" ? assignment.spec.wipeId : 0;

/** Adoption is an operator's word that a system is there. */
function installedOn({ installation, assignment }: Records): number | undefined {
  const word = assignment?.spec.how === "adopt" ? assignment.spec.wipeId : undefined;
  const evidence = installation?.spec.wipeId;
  return word === undefined ? evidence : Math.max(word, evidence ?? 0);
}

function wipeRun({ wipe }: Records, asked: number): Facts["wipe"] {
  const run = wipe?.spec.run;
  if (run?.state === "running") return "running";
  // Asking again, under a greater number, is how an operator says that the cause is gone.
  return run?.state === "failed" && run.wipeId >= asked ? "failed" : "idle";
}

/**
 * The agent and the installed system are seen by different eyes: of whom was written last is what runs. Not by the time
 * of day, which is set back now and then. What was seen before our last command to the BMC tells nothing: a machine that
 * was just cycled would be cycled for ever.
 */
function runningNow({ boot, installation, power }: Records, wipedAt: number): Pick<Facts, "runs" | "ready"> {
  const unseen = { runs: "unseen", ready: false } as const;
  if (power?.spec.power === "off") return unseen;
  // Written down and not told, or told by a process that died: it may end what runs at any moment.
  if (power?.spec.order && !power.spec.order.toldAt) return unseen;
  const told = power?.spec.told;
  const agent = boot?.spec.state === "agent" && isAgentOfNow(told, boot.spec);
  const node = installation?.spec.node;
  // A system that was wiped since does not run, whatever was seen of it.
  const system =
    (node?.is === "ready" || node?.is === "notReady") &&
    installation!.spec.wipeId >= wipedAt &&
    isSystemOfNow(told, node.since);
  if (agent && !(system && installation!.metadata.version > boot.metadata.version)) {
    return { runs: "agent", ready: false };
  }
  return system ? { runs: "system", ready: node.is === "ready" } : unseen;
}

function mayReset({ installation, nodeOrder }: Records, wipeAsked: number): boolean {
  const node = installation?.spec.node;
  const isMember = node !== undefined && "address" in node && node.address !== undefined;
  const order = nodeOrder?.spec;
  return isMember && !(order?.what === "reset" && order.wipeId === wipeAsked && order.state === "over");
}

type Told = SpecOf<typeof PowerStatus>["told"];
type Agent = Extract<SpecOf<typeof BootStatus>, { state: "agent" }>;

/** Until then a BMC may still be about to do as it was told. */
const effectMs = 5_000;
/** Whatever is heard so long after a command that would have ended it shows that the command was lost. */
const lostMs = 120_000;

/** Whether an agent is of the boot after our last command, or there in spite of it. */
function isAgentOfNow(told: Told, { since, heardAt, kernelBootId }: Agent): boolean {
  if (!told) return true;
  const effectiveMs = told.at.getTime() + (told.power === "on" ? 0 : lostMs);
  return heardAt.getTime() >= effectiveMs || (kernelBootId !== told.agent && !mayEnd(told, since));
}

/** Whether a system that answers since then is not the one that our last command ended. */
export const isSystemOfNow = (told: Told, since: Date): boolean =>
  !told || (since.getTime() !== told.system?.getTime() && !mayEnd(told, since));

function mayEnd({ power, at }: NonNullable<Told>, since: Date): boolean {
  const sinceToldMs = since.getTime() - at.getTime();
  return power !== "on" && sinceToldMs >= 0 && sinceToldMs < effectMs;
}

function hasGivenUp({ machine, status }: Records): boolean {
  const progress = status?.spec.progress;
  return progress?.is === "gaveUp" && progress.retryId >= machine.spec.retryId;
}
