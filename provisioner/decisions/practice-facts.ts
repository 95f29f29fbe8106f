// What tests of decisions begin with: a machine in the pool, with nothing to do.
import type { Facts } from "./facts.ts";

export const idleFacts: Facts = {
  admission: "accepted",
  cordoned: false,
  removing: false,
  conflicted: false,
  inspected: true,
  assignment: "none",
  wipeAsked: 1,
  wipedAt: 1,
  installedAt: undefined,
  wipe: "idle",
  runs: "agent",
  ready: false,
  resets: false,
  bmc: "ready",
  power: "on",
  powerAsked: "automatic",
  gaveUp: false,
};
