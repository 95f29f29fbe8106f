// How long anything may take, in one place: five times what a quiet machine needs (two cores, no KVM), because the
// machines that run these tests are noisy. A deadline is not a measurement; nothing here is asserted.
export const deadlineMs = {
  processStart: 30_000,
  powerOff: 30_000,
  firmware: 90_000,
  kernel: 60_000,
  operatingSystem: 120_000,
  /** From power-on to its work, with every restart that belongs to it. */
  wholeLife: 400_000,
} as const;

export type Deadline = keyof typeof deadlineMs;
