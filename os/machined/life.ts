// One image, three lives: what the kernel was told and what is on the disks decide which one this boot leads.

/** agent: obeys a provisioner. maintenance: waits for a machine config. run: does what its machine config says. */
export type Life = "agent" | "maintenance" | "run";

export interface LifeFacts {
  /** As the kernel arguments name it, usable or not. */
  readonly provisioner: string | undefined;
  /** Where the machine config was found. */
  readonly configFrom: string | undefined;
}

/** The first row that fits wins. */
const rules: readonly (readonly [Life, why: string, fits: (facts: LifeFacts) => boolean])[] = [
  ["agent", "the kernel arguments name a provisioner", ({ provisioner }) => provisioner !== undefined],
  ["run", "there is a machine config", ({ configFrom }) => configFrom !== undefined],
  ["maintenance", "there is no machine config", () => true],
];

export function chooseLife(facts: LifeFacts): { life: Life; why: string } {
  const [life, why] = rules.find(([, , fits]) => fits(facts))!;
  return { life, why: life === "run" ? `${why}, from ${facts.configFrom}` : why };
}
