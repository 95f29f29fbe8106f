import type { Facts } from "./facts.ts";
import type { Rule } from "./rules.ts";

/** Why nothing may be done to a machine, whatever else is true of it: the first rows of every table that acts. */
export function handsOff<Verdict extends string>(verdict: Verdict): readonly Rule<Verdict>[] {
  return reasons.map(([why, when]) => [verdict, why, when]);
}

const reasons: ReadonlyArray<readonly [why: string, when: (facts: Facts) => boolean]> = [
  ["it was rejected", (f) => f.admission === "rejected"],
  ["it is cordoned", (f) => f.cordoned],
  ["it is being removed", (f) => f.removing],
  ["another machine claims to be it", (f) => f.conflicted],
  ["it waits to be accepted", (f) => f.admission !== "accepted"],
];

/** Whether nothing may be done to it, or what was begun has to be stopped. */
export const isUntouchable = (facts: Facts): boolean => reasons.some(([, when]) => when(facts));
