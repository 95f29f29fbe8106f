import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";

import { AlreadyExists, NotFound, PhaseConflict } from "../../cosi/state-errors.ts";
import { releaseHold } from "../controllers/release-controller.ts";
import { type Action, refusal } from "../decisions/legal-actions.ts";
import { Assignment } from "../resources/assignment.ts";
import { Machine } from "../resources/machine.ts";
import { recordsOf } from "../services/machine-records.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import { storedFacts } from "./stored-facts.ts";

type Spec = SpecOf<typeof Machine>;
const by = "ann";

/** Asks for something, as the API would write it down. Resolves to whether that was legal. */
export async function ask(
  machine: SimulatedMachine,
  action: Action,
  profile: "answers" | "calls",
): Promise<boolean> {
  try {
    return await write(machine, action, profile);
  } catch (error) {
    // It goes away at this moment: the answer is a conflict.
    if (error instanceof PhaseConflict || error instanceof NotFound || error instanceof AlreadyExists)
      return false;
    throw error;
  }
}

async function write(
  machine: SimulatedMachine,
  action: Action,
  profile: "answers" | "calls",
): Promise<boolean> {
  const { site, id } = machine;
  const facts = await storedFacts(site.people, id);
  const records = await recordsOf(site.people, id);
  if (!facts || !records || refusal(action, facts) !== undefined) return false;
  site.story(`${id} people: ${action}`);
  const change = (spec: (before: Spec) => Partial<Spec>) => changeMachine(site.people, id, spec);
  // One more than was ever asked for.
  const anew = Math.max(facts.wipedAt, facts.wipeAsked) + 1;
  switch (action) {
    case "accept":
      await change(() => ({ admission: { is: "accepted", by } }));
      break;
    case "reject":
      await change(() => ({ admission: { is: "rejected", by, why: "not ours" } }));
      break;
    case "cordon":
      await change(() => ({ cordon: { why: "a fan", by } }));
      break;
    case "uncordon":
      await change(() => ({ cordon: undefined }));
      break;
    case "assign":
    case "adopt": {
      // People adopt what they know to run.
      if (action === "adopt" && !machine.isBootable) return false;
      if (action === "adopt") await change(() => ({ admission: { is: "accepted", by } }));
      const how = action === "adopt" ? "adopt" : "install";
      const wipeId = Math.max(facts.wipedAt, facts.wipeAsked);
      const spec = {
        profile,
        how,
        wipeId,
        addresses: how === "adopt" ? [`address-of-${id}`] : undefined,
      } as const;
      await site.people.create(Assignment, id, { spec }, { finalizers: [releaseHold] });
      break;
    }
    case "release":
      await site.people.teardown(Assignment, id);
      break;
    case "wipe":
    case "reinstall":
      await change(() => ({ wipeId: anew }));
      break;
    case "retry":
      // A wipe that failed is tried again under a number of its own.
      await change(({ retryId }) => ({
        retryId: retryId + 1,
        ...(facts.wipe === "failed" && { wipeId: anew }),
      }));
      break;
    case "powerOn":
      await change(() => ({ power: "on" }));
      break;
    case "powerOff":
      await change(() => ({ power: "off" }));
      break;
    case "powerAutomatic":
      await change(() => ({ power: "automatic" }));
      break;
    case "remove":
      await site.people.teardown(Machine, id);
      machine.wiped.clear();
      break;
    // People say so of what they have seen.
    case "confirmInstalled":
    case "resolve":
    case "powerCycle":
    case "identify":
    // Of nodes of clusters, which there are none of here.
    case "upgrade":
      return false;
  }
  return true;
}

const changeMachine = (people: State, id: string, change: (before: Spec) => Partial<Spec>) =>
  people.update(Machine, id, ({ spec }) => ({ spec: withoutUndefined({ ...spec, ...change(spec) }) }));

const withoutUndefined = (spec: Spec): Spec => {
  const { cordon, ...rest } = spec;
  return cordon === undefined ? rest : spec;
};
