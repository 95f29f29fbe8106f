import { bootMode } from "./boot-mode.ts";
import { type Facts, isWipeDue } from "./facts.ts";
import { handsOff } from "./hands-off.ts";
import { powerWanted } from "./power-wanted.ts";
import { type Decision, decide, type Rule } from "./rules.ts";

/** `byAgent`, `byNode`: ask it. `byBmc`: network boot once, and a power cycle, whatever runs there. */
export type Reboot = "no" | "byAgent" | "byNode" | "byBmc";

/** Whether what runs on a machine is not what it must boot. First matching row wins. */
const rules: readonly Rule<Reboot>[] = [
  ...handsOff("no" as const),
  ["no", "its disks are being wiped", (f) => f.wipe === "running"],
  ["no", "it is off", (f) => f.power === "off"],
  ["no", "it shall not be on", (f) => powerWanted(f).is !== "on"],
  // Silence is no proof of what runs there: the deadline of its stage decides, not this table.
  ["no", "nothing is known to run on it", (f) => f.runs === "unseen"],
  // A system on a machine that is nobody's is a riddle for people: only what was asked for ends one that runs.
  [
    "byNode",
    "its system runs, and erases itself first",
    (f) => f.resets && f.runs === "system" && (isWipeDue(f) || f.assignment === "leaving"),
  ],
  [
    "byBmc",
    "its system runs, and its disks are to be wiped",
    (f) => f.runs === "system" && (isWipeDue(f) || f.assignment === "leaving"),
  ],
  ["no", "its system runs", (f) => f.runs === "system"],
  ["byAgent", "its agent runs, and it is to be installed", (f) => boots(f, "install")],
  ["byAgent", "its agent runs, and it is installed", (f) => boots(f, "disk")],
  ["no", "its agent runs, as it should", () => true],
];

const boots = (facts: Facts, mode: ReturnType<typeof bootMode>["is"]) => bootMode(facts).is === mode;

export const rebootNeeded = (facts: Facts): Decision<Reboot> => decide(rules, facts);
