import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import { namedBy, same } from "../../cosi/engine/reads.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { gatherFacts, isWipeDue } from "../decisions/facts.ts";
import { isUntouchable } from "../decisions/hands-off.ts";
import { Assignment } from "../resources/assignment.ts";
import type { Installation } from "../resources/installation.ts";
import type { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import type { PowerStatus } from "../resources/power-status.ts";
import { Profile } from "../resources/profile.ts";
import { machineReads } from "./machine-reads.ts";
import { recordInstallation } from "./record-installation.ts";

/** What answers at a machine's node API. `maintenance`: a system that waits for its config and is not installed. */
export type NodeAnswer =
  | { readonly is: "ready" }
  | { readonly is: "maintenance" }
  | { readonly is: "silent"; readonly why: string };

export interface InstallationDependencies {
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
  readonly probeNode: (addresses: readonly string[], signal: AbortSignal) => Promise<NodeAnswer>;
}

type Node = SpecOf<typeof Installation>["node"];

const whileAwaitedMs = 15_000;
const whileReadyMs = 60_000;
/** A machine that was told to start over answers for a moment as if nothing were. */
const effectMs = 60_000;

/** Looks whether the system of an assigned machine answers, which is also the evidence that it is installed. */
export const installationController = ({ state, clock, probeNode }: InstallationDependencies) =>
  controller({
    name: "Installation",
    each: Assignment,
    reads: {
      machine: Machine,
      profile: namedBy(Assignment, Profile, ({ spec }) => spec.profile),
      ...machineReads,
      assignment: same(Assignment),
    },
    concurrency: 64,
    timeoutMs: 20_000,

    async reconcile(assignment, { machine, profile, ...records }, { signal }) {
      if (!machine || !profile)
        return { do: "wait", why: `its ${machine ? "profile" : "machine"} is not there` };
      const facts = gatherFacts({ machine, ...records });
      const { id } = machine.metadata;
      const { installation } = records;
      // Evidence of what has been wiped since is none.
      const known = installation && installation.spec.wipeId >= facts.wipedAt ? installation.spec : undefined;
      const tells = profile.spec.installedBy.evidence !== "nodeApi" && assignment.spec.how === "install";
      if (tells && !known) return { do: "wait", why: "it tells by itself when it is installed" };
      if (isUntouchable(facts) || isWipeDue(facts) || facts.power === "off" || facts.runs === "agent") {
        return { do: "wait", why: "its system cannot run now" };
      }
      // Nothing could be asked: that it is installed, and on, and no agent came instead, is all there is to see.
      const answer: NodeAnswer = tells
        ? { is: "ready" }
        : await probeNode(assignment.spec.addresses ?? addressesOf(records.inventory?.spec), signal);
      const now = clock.now();
      const node = nodeAfter(answer, known?.node, commandedAt(records.power?.spec.order), now);
      const evidence = assignment.spec.how === "adopt" ? "adoption" : "nodeApi";
      if (node && (known || (node.is === "ready" && !tells))) {
        await recordInstallation({ state, clock }, id, { wipeId: facts.wipedAt, evidence, node });
      }
      const untilMs = answer.is === "ready" ? whileReadyMs : whileAwaitedMs;
      const why = answer.is === "silent" ? answer.why : `its node API is ${answer.is}`;
      return { do: "wait", why, until: new Date(now.getTime() + untilMs) };
    },
  });

/** What is seen of the system now; undefined where that is nothing new. */
function nodeAfter(
  answer: NodeAnswer,
  before: Node | undefined,
  commandedAt: Date | undefined,
  now: Date,
): Node | undefined {
  if (answer.is !== "ready") {
    if (before?.is !== "ready") return undefined;
    const why = answer.is === "silent" ? answer.why : "it waits for its config";
    return { is: "silent", since: now, why };
  }
  if (before?.is !== "ready") return { is: "ready", since: now };
  const isStale = commandedAt !== undefined && before.since <= commandedAt;
  return isStale && now.getTime() > commandedAt.getTime() + effectMs
    ? { is: "ready", since: now }
    : undefined;
}

const commandedAt = (order: SpecOf<typeof PowerStatus>["order"]) => order?.toldAt ?? order?.at;

const addressesOf = (inventory: SpecOf<typeof Inventory> | undefined) =>
  (inventory?.networkInterfaces ?? [])
    .flatMap(({ addresses }) => addresses)
    .map((address) => address.split("/")[0]!)
    .filter((address) => !address.startsWith("127.") && address !== "::1" && !address.startsWith("fe80:"));
