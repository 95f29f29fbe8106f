import { type Facts, isInstalled, isWipeDue } from "./facts.ts";
import { type Decision, decide, type Rule } from "./rules.ts";

/** `alone`: as if no pxe-server were there. `hold`: the screen says why, and asks again. */
export type BootMode = "alone" | "hold" | "agent" | "disk" | "install";

/** What a machine must boot next. First matching row wins. */
const rules: readonly Rule<BootMode>[] = [
  ["alone", "it was rejected", (f) => f.admission === "rejected"],
  ["alone", "it is cordoned", (f) => f.cordoned],
  ["alone", "it is being removed", (f) => f.removing],
  // Whichever of the two it is: a disk that is in use goes on, an empty one does nothing.
  ["disk", "another machine claims to be it; this one is installed", (f) => f.conflicted && isInUse(f)],
  ["hold", "another machine claims to be it", (f) => f.conflicted],
  ["agent", "waiting to be accepted", (f) => f.admission !== "accepted"],
  ["agent", "leaving its assignment", (f) => f.assignment === "leaving"],
  ["agent", "never wiped", (f) => isWipeDue(f) && f.wipedAt === 0],
  ["agent", "to be wiped again", isWipeDue],
  ["agent", "idle in the pool", (f) => f.assignment === "none"],
  ["disk", "installed since the wipe", isInstalled],
  ["agent", "its inventory is not in", (f) => !f.inspected],
  ["agent", "its installation failed too often", (f) => f.gaveUp],
  ["install", "assigned, and its disk is empty", () => true],
];

const isInUse = (facts: Facts) => isInstalled(facts) && facts.assignment === "made" && !isWipeDue(facts);

export const bootMode = (facts: Facts): Decision<BootMode> => decide(rules, facts);
