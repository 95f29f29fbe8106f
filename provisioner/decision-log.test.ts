import { expect, test } from "vitest";
import { decisionLog } from "./decision-log.ts";

test("every decision is logged with its reason, but not all over again after a start", () => {
  let elapsedMs = 0;
  const said: string[] = [];
  const log = decisionLog((text) => said.push(text), { elapsedMs: () => elapsedMs });
  log.info("Wipe m1: set, wiped since it was last asked", {});
  log.info("Power m1: set, idle in the pool", {});
  log.warn("Power m2: Cannot reach the BMC", {});
  log.info("Power m1: set, assigned", {});
  elapsedMs = 60_000;
  log.info("Wipe m3: wait, its inventory is not in", {});
  expect(said).toEqual([
    "Power m2: Cannot reach the BMC",
    "Power m1: set, assigned",
    "Wipe m3: wait, its inventory is not in",
  ]);
});
