import type { SpecOf } from "../../cosi/resource.ts";
import type { AgentOrder } from "../resources/agent-order.ts";
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

type What = SpecOf<typeof AgentOrder>["what"]["is"];

/** What shines a light or looks changes nothing. */
const harmless: ReadonlySet<What> = new Set<What>(["identify", "test"]);

/** Whether an order may still go out: after it was written somebody may have said no. */
export const mayGoOut = (what: What, facts: Facts): boolean => harmless.has(what) || !isUntouchable(facts);
