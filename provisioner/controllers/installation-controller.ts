import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { type Facts, gatherFacts, isSystemOfNow, isWipeDue } from "../decisions/facts.ts";
import { isUntouchable } from "../decisions/hands-off.ts";
import type { Installation } from "../resources/installation.ts";
import type { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import type { NodeOrder } from "../resources/node-order.ts";
import type { PowerStatus } from "../resources/power-status.ts";
import { Profile } from "../resources/profile.ts";
import { machineReads } from "./machine-reads.ts";
import { recordInstallation } from "./record-installation.ts";

/** What a node that we are known to says of itself. */
export interface NodeSeen {
  readonly address: string;
  readonly version?: string;
  readonly bootId?: string;
}

/** What answers at a machine's node API. `maintenance`: a system that waits for its config and is not installed. */
export type NodeAnswer =
  | { readonly is: "ready"; readonly node?: NodeSeen }
  | { readonly is: "notReady"; readonly why: string; readonly node?: NodeSeen }
  | { readonly is: "maintenance" }
  | { readonly is: "silent"; readonly why: string };

export interface NodeTarget {
  readonly addresses: readonly string[];
  /** Of which it is one; undefined: nothing is known by which it could be asked more than whether it is there. */
  readonly cluster?: string;
  /** Where it answered last. */
  readonly known?: string;
}

export interface InstallationDependencies {
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
  readonly askNode: (target: NodeTarget, signal: AbortSignal) => Promise<NodeAnswer>;
}

type Node = SpecOf<typeof Installation>["node"];

const whileReadyMs = 30_000;
/** A system that is expected at any moment, … */
const whileStartingMs = 2_000;
/** … for so long; then it is late, and is asked less often. */
const promptMs = 10 * 60_000;
const whileAwaitedMs = 15_000;
/** A machine that was told to start over answers for a moment as if nothing were. */
const effectMs = 60_000;

/** Looks whether the system of an assigned machine answers, which is also the evidence that it is installed. */
export const installationController = ({ state, clock, askNode }: InstallationDependencies) =>
  controller({
    name: "Installation",
    each: Machine,
    reads: machineReads,
    concurrency: 64,
    timeoutMs: 20_000,

    async reconcile(machine, records, { signal }) {
      const { assignment, installation } = records;
      if (!assignment) return { do: "wait", why: "it is nobody's" };
      const profile = await state.find(Profile, assignment.spec.profile);
      const soon = new Date(clock.now().getTime() + whileAwaitedMs);
      if (!profile) return { do: "wait", why: "its profile is not there", until: soon };
      const facts = gatherFacts({ machine, ...records });
      const { id } = machine.metadata;
      // Evidence of what has been wiped since is none.
      const known = installation && installation.spec.wipeId >= facts.wipedAt ? installation.spec : undefined;
      const { memberOf, installedBy } = profile.spec;
      const calls = !memberOf && installedBy.evidence !== "nodeApi" && assignment.spec.how === "install";
      if (calls && !known) return { do: "wait", why: "it tells by itself when it is installed" };
      if (
        isUntouchable(facts) ||
        facts.wipe === "running" ||
        facts.power === "off" ||
        facts.runs === "agent"
      ) {
        return { do: "wait", why: "its system cannot run now" };
      }
      // One that was released while it started still comes up, and nobody else sees that it has to be ended.
      const isLeaving = isWipeDue(facts) || facts.assignment === "leaving";
      const isToEnd = known && memberOf && !isResetAsked(records.nodeOrder?.spec, facts);
      if (isLeaving && !isToEnd) return { do: "wait", why: "its system is not wanted any more" };
      // Nothing could be asked: that it is installed, and on, and no agent came instead, is all there is to see.
      const answer: NodeAnswer = calls
        ? { is: "ready" }
        : await askNode(
            {
              addresses: assignment.spec.addresses ?? addressesOf(records.inventory?.spec),
              ...(memberOf && { cluster: memberOf.cluster }),
              ...addressIn(known?.node),
            },
            signal,
          );
      const now = clock.now();
      const node = nodeAfter(answer, known?.node, records.power?.spec.told, now);
      const evidence = assignment.spec.how === "adopt" ? "adoption" : "nodeApi";
      if (node && (known || (node.is === "ready" && !calls))) {
        await recordInstallation({ state, clock }, id, { wipeId: facts.wipedAt, evidence, node });
      }
      const why = "why" in answer ? answer.why : `its node API is ${answer.is}`;
      return { do: "wait", why, until: new Date(now.getTime() + pauseMs(answer, known, now)) };
    },
  });

const isResetAsked = (order: SpecOf<typeof NodeOrder> | undefined, { wipeAsked }: Facts) =>
  order?.what === "reset" && order.wipeId === wipeAsked;

function pauseMs(answer: NodeAnswer, known: SpecOf<typeof Installation> | undefined, now: Date): number {
  if (answer.is === "ready") return whileReadyMs;
  if (!known) return whileAwaitedMs;
  const sinceMs = "since" in known.node ? known.node.since.getTime() : known.at.getTime();
  return now.getTime() - sinceMs < promptMs ? whileStartingMs : whileAwaitedMs;
}

const addressIn = (node: Node | undefined) =>
  node && "address" in node && node.address !== undefined ? { known: node.address } : {};

type Shown = Extract<Node, { is: "ready" | "notReady" }>;

/** Apart from since when. */
const isSame = (after: Omit<Shown, "since">, before: Shown) =>
  isDeepStrictEqual({ ...after, since: before.since }, before);

/** What is seen of the system now; undefined where that is nothing new. */
function nodeAfter(
  answer: NodeAnswer,
  before: Node | undefined,
  told: SpecOf<typeof PowerStatus>["told"],
  now: Date,
): Node | undefined {
  if (answer.is === "silent" || answer.is === "maintenance") {
    if (before?.is !== "ready" && before?.is !== "notReady") return undefined;
    const why = answer.is === "silent" ? answer.why : "it waits for its config";
    return {
      is: "silent",
      since: now,
      why,
      ...(before.address !== undefined && { address: before.address }),
    };
  }
  const after = {
    ...answer.node,
    ...(answer.is === "notReady" ? { is: answer.is, why: answer.why } : { is: answer.is }),
  };
  if (before?.is !== answer.is) return { ...after, since: now };
  const isShownAgain =
    told && !isSystemOfNow(told, before.since) && now.getTime() > told.at.getTime() + effectMs;
  if (isShownAgain) return { ...after, since: now };
  return isSame(after, before) ? undefined : { ...after, since: before.since };
}

const addressesOf = (inventory: SpecOf<typeof Inventory> | undefined) =>
  (inventory?.networkInterfaces ?? [])
    .flatMap(({ addresses }) => addresses)
    .map((address) => address.split("/")[0]!)
    .filter((address) => !address.startsWith("127.") && address !== "::1" && !address.startsWith("fe80:"));
