import { type Facts, isWipeDue } from "./facts.ts";
import { handsOff } from "./hands-off.ts";
import { type Decision, decide, type Rule } from "./rules.ts";

/** `begin` is the only word that destroys anything. */
export type WipeStep = "leave" | "clean" | "wait" | "begin" | "underWay";

/** What has to be done about wiping a machine. First matching row wins. */
const rules: readonly Rule<WipeStep>[] = [
  ...handsOff("leave" as const),
  // Agents that began a wipe over one still running were a field bug.
  ["underWay", "its disks are being wiped", (f) => f.wipe === "running"],
  ["clean", "wiped since it was last asked", (f) => !isWipeDue(f)],
  ["leave", "its wipe failed, and waits for an operator", (f) => f.wipe === "failed"],
  ["leave", "it failed too often, and waits for an operator", (f) => f.gaveUp],
  ["wait", "its inventory is not in", (f) => !f.inspected],
  ["wait", "its agent is not attached", (f) => f.runs !== "agent"],
  ["begin", "it leaves its assignment", (f) => f.assignment === "leaving"],
  ["begin", "it was never wiped", (f) => f.wipedAt === 0],
  ["begin", "a wipe was asked for", () => true],
];

export const wipeNeeded = (facts: Facts): Decision<WipeStep> => decide(rules, facts);
