import { type Facts, isInstalled, isWipeDue } from "./facts.ts";
import { handsOff } from "./hands-off.ts";
import { type Decision, decide, type Rule } from "./rules.ts";

export type PowerWish = "on" | "off" | "leave";

/** The power a machine shall have. First matching row wins. */
const rules: readonly Rule<PowerWish>[] = [
  ...handsOff("leave" as const),
  ["on", "its disks are being wiped", (f) => f.wipe === "running"],
  ["leave", "off was asked for, but its inventory is not in", (f) => f.powerAsked === "off" && isUnknown(f)],
  ["off", "off was asked for", (f) => f.powerAsked === "off"],
  ["on", "on was asked for", (f) => f.powerAsked === "on"],
  ["leave", "its wipe failed, and waits for an operator", (f) => f.wipe === "failed"],
  ["leave", "it failed too often, and waits for an operator", (f) => f.gaveUp],
  ["on", "its inventory is not in", isUnknown],
  ["on", "to be wiped", isWipeDue],
  ["on", "assigned", (f) => f.assignment === "made"],
  ["leave", "about to be back in the pool", (f) => f.assignment === "leaving"],
  ["leave", "idle, but without its BMC nothing could turn it on again", (f) => f.bmc !== "ready"],
  ["off", "idle in the pool", () => true],
];

/** A machine that runs what was installed need not be inspected to be turned off. */
function isUnknown(facts: Facts): boolean {
  return !facts.inspected && !isInstalled(facts);
}

export const powerWanted = (facts: Facts): Decision<PowerWish> => decide(rules, facts);
