import type { Facts } from "./facts.ts";

/** One row of a decision: the verdict, the reason that people are shown, and when it applies. */
export type Rule<Verdict extends string> = readonly [
  verdict: Verdict,
  why: string,
  when: (facts: Facts) => boolean,
];

export interface Decision<Verdict extends string> {
  readonly is: Verdict;
  readonly why: string;
}

/** What the first row that matches says. The last row of a table must match always. */
export function decide<Verdict extends string>(
  rules: readonly Rule<Verdict>[],
  facts: Facts,
): Decision<Verdict> {
  for (const [is, why, when] of rules) if (when(facts)) return { is, why };
  throw new Error("Cannot decide: the table's last row does not match everything");
}
