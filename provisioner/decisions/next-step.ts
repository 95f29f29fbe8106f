import type { Stage } from "../resources/stages.ts";
import { type Facts, isInstalled, isWipeDue } from "./facts.ts";
import { powerWanted } from "./power-wanted.ts";
import { type Decision, decide, type Rule } from "./rules.ts";

/** In which stage of its life a machine is. First matching row wins. */
const rules: readonly Rule<Stage>[] = [
  ["rejected", "somebody or some rule rejected it", (f) => f.admission === "rejected"],
  ["cordoned", "somebody works on its hardware", (f) => f.cordoned],
  ["removing", "somebody removes it", (f) => f.removing],
  ["conflicted", "another machine claims to be it", (f) => f.conflicted],
  ["discovered", "nobody has accepted it yet", (f) => f.admission !== "accepted"],
  ["wiping", "its disks are being wiped", (f) => f.wipe === "running" && f.assignment !== "leaving"],
  ["releasing", "its disks are being wiped", (f) => f.wipe === "running"],
  ["failed", "its wipe failed", (f) => f.wipe === "failed"],
  ["failed", "it failed too often", (f) => f.gaveUp],
  ["stopped", "off was asked for", (f) => f.powerAsked === "off" && powerWanted(f).is === "off"],
  ["inspecting", "its inventory is not in", (f) => !f.inspected && !isInstalled(f)],
  ["releasing", "its agent has to come to wipe it", (f) => f.assignment === "leaving" && awaitsAgent(f)],
  ["releasing", "it leaves its assignment", (f) => f.assignment === "leaving"],
  [
    "inspecting",
    "its inventory is not in, without which it cannot be wiped",
    (f) => isWipeDue(f) && !f.inspected,
  ],
  ["wiping", "its agent has to come to wipe it", (f) => isWipeDue(f) && awaitsAgent(f)],
  ["wiping", "its disks are to be wiped", isWipeDue],
  ["settingUpBmc", "it has a BMC to which there is no account", (f) => needsAccount(f)],
  ["pool", "it is clean and free", (f) => f.assignment === "none"],
  ["running", "its system answers, and is ready", (f) => isInstalled(f) && f.runs === "system" && f.ready],
  ["starting", "its system answers, and is not ready", (f) => isInstalled(f) && f.runs === "system"],
  ["starting", "it is installed, and its system does not answer yet", isInstalled],
  ["installing", "it is assigned, and its disk is empty", () => true],
];

const awaitsAgent = (f: Facts) => isWipeDue(f) && f.runs !== "agent";

/** Only the agent can make an account, and only while the machine is nobody's. */
const needsAccount = (f: Facts) => f.assignment === "none" && f.bmc === "noAccount" && f.runs === "agent";

interface About {
  /** On what the machine waits, as one reads it after "waits for". */
  readonly waitsFor: string;
  readonly next: Stage | "gone" | "what it was before" | "nothing";
  /** How long that should take. Unset where it waits for people. */
  readonly slaMs?: number;
}

const minutes = (count: number) => count * 60_000;

const about: Readonly<Record<Stage, About>> = {
  rejected: { waitsFor: "nothing: it is left alone", next: "nothing" },
  cordoned: { waitsFor: "somebody to uncordon it", next: "what it was before" },
  removing: { waitsFor: "its records to be cleared", next: "gone", slaMs: minutes(5) },
  conflicted: { waitsFor: "somebody to say which machine it is", next: "what it was before" },
  discovered: { waitsFor: "an operator or a rule to accept it", next: "inspecting" },
  failed: { waitsFor: "an operator to look at it", next: "what it was before" },
  inspecting: { waitsFor: "its agent to tell what is in it", next: "wiping", slaMs: minutes(20) },
  releasing: { waitsFor: "its agent to wipe its disks", next: "pool", slaMs: minutes(24 * 60) },
  wiping: { waitsFor: "its agent to wipe its disks", next: "pool", slaMs: minutes(24 * 60) },
  settingUpBmc: { waitsFor: "its agent to make an account on its BMC", next: "pool", slaMs: minutes(10) },
  stopped: { waitsFor: "somebody to turn it on again", next: "what it was before" },
  pool: { waitsFor: "somebody to assign it", next: "installing" },
  installing: { waitsFor: "evidence that it is installed", next: "starting", slaMs: minutes(45) },
  starting: { waitsFor: "its system to be ready", next: "running", slaMs: minutes(20) },
  running: { waitsFor: "nothing", next: "nothing" },
};

export interface NextStep extends About {
  readonly stage: Stage;
  readonly why: string;
}

/** Where a machine is in its life, on what it waits and what comes then. */
export function nextStep(facts: Facts): NextStep {
  const { is: stage, why } = stageOf(facts);
  const told = about[stage];
  // Erasing takes as long as it takes; booting into the agent does not.
  const boots =
    (stage === "wiping" || stage === "releasing") && facts.wipe !== "running" && awaitsAgent(facts);
  return { stage, why, ...(boots ? { ...told, ...toAgent } : told) };
}

const toAgent = { waitsFor: "its agent to attach", slaMs: minutes(20) };

const stageOf = (facts: Facts): Decision<Stage> => decide(rules, facts);
