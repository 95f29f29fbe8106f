import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { nodeCommand, type UpgradeOrder } from "../decisions/node-command.ts";
import { Assignment } from "../resources/assignment.ts";
import { Machine } from "../resources/machine.ts";
import { NodeOrder } from "../resources/node-order.ts";
import { Profile } from "../resources/profile.ts";
import { machineReads } from "./machine-reads.ts";
import { recordInstallation } from "./record-installation.ts";

export interface NodePlace {
  readonly cluster: string;
  readonly address: string;
}

/** What a node can be told over its API. Each rejects with a sentence when it will not. */
export interface NodeCommands {
  /** Resolves when it said that it erases its disk and restarts. */
  reset(place: NodePlace, signal: AbortSignal): Promise<void>;
  /** Whether its system still runs. */
  answers(place: NodePlace, signal: AbortSignal): Promise<boolean>;
  /** Resolves when the image is written and the node restarts into it. */
  upgrade(place: NodePlace, image: string, signal: AbortSignal): Promise<void>;
  /** What became of the last one; undefined when it does not say. */
  upgradeOutcome(
    place: NodePlace,
    signal: AbortSignal,
  ): Promise<{ readonly phase: "trial" | "done" | "failed"; readonly reason: string } | undefined>;
}

export interface NodeCommandDependencies {
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
  readonly nodes: NodeCommands;
}

type Order = SpecOf<typeof NodeOrder>;

const againMs = 10_000;
const lookMs = 3_000;
/** An image is written at the pace of the slowest network that anybody has. */
const writeMs = 20 * 60_000;
/** So long a turn holds of which nothing is written down yet. */
const claimMs = 30_000;

/** Has nodes erase themselves when their machines leave, and puts them on another image when somebody asks. */
export const nodeCommandController = ({ state, clock, nodes }: NodeCommandDependencies) => {
  /** Who was given its turn to be upgraded, by cluster: others may ask before its order is written down. */
  const claims = new Map<string, { readonly id: string; readonly at: Date }>();
  return controller({
    name: "NodeCommand",
    each: Machine,
    reads: machineReads,
    owns: NodeOrder,
    concurrency: 32,
    timeoutMs: writeMs,

    async reconcile(machine, records, { signal }) {
      const { id } = machine.metadata;
      const node = records.installation?.spec.node;
      const order = records.nodeOrder?.spec;
      const now = clock.now();
      const soon = new Date(now.getTime() + againMs);
      const facts = gatherFacts({ machine, ...records });
      const profile = records.assignment?.spec.profile;
      const { memberOf, boots } =
        (profile === undefined ? undefined : await state.find(Profile, profile))?.spec ?? {};
      const usual = boots?.what === "ingot" ? boots.image : undefined;
      const upgrade = wishOf(machine.spec.upgrade, facts.wipedAt, usual);
      const address = node && "address" in node ? node.address : undefined;
      if (!memberOf || address === undefined) {
        const isStuck = facts.resets && order?.what !== "reset";
        if (!isStuck)
          return order ? { do: "set", spec: order } : { do: "remove", why: "it is no node of a cluster" };
        const why = "its profile no longer says of which cluster it is one";
        return { do: "set", spec: { what: "reset", wipeId: facts.wipeAsked, state: "over", at: now, why } };
      }
      const place = { cluster: memberOf.cluster, address };
      const keep = (why: string, until?: Date) =>
        order
          ? ({ do: "set", spec: order, why, ...(until && { until }) } as const)
          : ({ do: "remove", why, ...(until && { until }) } as const);
      const isOpen =
        upgrade && !(order?.what === "upgrade" && order.upgradeId === upgrade.upgradeId && isOver(order));
      const others = isOpen ? await upgradesIn(place.cluster, id) : new Map<string, UpgradeOrder>();
      const othersTurn = isOpen ? turnOf(place.cluster, id, others, now) : undefined;
      const command = nodeCommand({ facts, upgrade, order, node, othersTurn, others, now });
      switch (command.do) {
        case "nothing":
          return keep(command.why);
        case "awaitReturn":
          return keep(command.why, command.until);
        case "giveUpUpgrade": {
          const { why } = command;
          return { do: "set", spec: { ...command.order, state: "failed", at: now, why }, why };
        }
        case "awaitReset": {
          if (await nodes.answers(place, signal))
            return keep("it erases itself", new Date(now.getTime() + lookMs));
          // From here on whatever comes is what boots now.
          const why = "it has erased itself, and restarts";
          const { wipeId, evidence } = records.installation!.spec;
          const silent = { is: "silent", since: clock.now(), why, address } as const;
          await recordInstallation({ state, clock }, id, { wipeId, evidence, node: silent });
          return keep(why);
        }
        case "giveUpReset":
          return {
            do: "set",
            spec: { ...(order as Order & { what: "reset" }), state: "over", why: command.why },
          };
        case "reset": {
          const { wipeId } = command;
          const told = { what: "reset", wipeId, at: now } as const;
          try {
            await nodes.reset(place, signal);
            const until = new Date(now.getTime() + lookMs);
            return { do: "set", spec: { ...told, state: "told", why: "it erases itself" }, until };
          } catch (error) {
            const why = `it does not reset itself: ${said(error)}`;
            return { do: "set", spec: { ...told, state: "over", why }, why };
          }
        }
        case "awaitTurn": {
          const { upgradeId, image, why } = command;
          // Since when it waits: what others fail at from then on is its concern.
          const isOld =
            order?.what === "upgrade" && order.upgradeId === upgradeId && order.state === "waiting";
          const at = isOld ? order.at : now;
          return {
            do: "set",
            spec: { what: "upgrade", upgradeId, image, state: "waiting", at, why },
            why,
            until: soon,
          };
        }
        case "refuse": {
          const { upgradeId, image, why } = command;
          return {
            do: "set",
            spec: { what: "upgrade", upgradeId, image, state: "failed", at: now, why },
            why,
          };
        }
        case "write": {
          const { upgradeId, image } = command;
          const mine = { what: "upgrade", upgradeId, image } as const;
          claims.set(place.cluster, { id, at: now });
          if (order?.what !== "upgrade" || order.upgradeId !== upgradeId || order.state !== "writing") {
            return {
              do: "set",
              spec: { ...mine, state: "writing", at: now, why: "its image is written" },
              until: now,
            };
          }
          try {
            await nodes.upgrade(place, image, signal);
          } catch (error) {
            return { do: "set", spec: { ...mine, state: "failed", at: clock.now(), why: said(error) } };
          }
          const bootId = node && "bootId" in node ? node.bootId : undefined;
          const why = "it restarts into the other image";
          const spec = {
            ...mine,
            state: "restarting",
            at: clock.now(),
            ...(bootId && { bootId }),
            why,
          } as const;
          return { do: "set", spec };
        }
        case "judge": {
          const outcome = await nodes.upgradeOutcome(place, signal);
          if (outcome?.phase === "trial") return keep("it is on trial", soon);
          claims.delete(place.cluster);
          const at = clock.now();
          const why = outcome?.phase === "failed" ? outcome.reason : "it runs the other image";
          const ended = outcome?.phase === "failed" ? "failed" : "done";
          return { do: "set", spec: { ...command.order, state: ended, at, why }, why };
        }
      }
    },
  });

  /** Of the other nodes of that cluster: upgrades that are under way, or went wrong. */
  async function upgradesIn(cluster: string, except: string): Promise<ReadonlyMap<string, UpgradeOrder>> {
    const found = new Map<string, UpgradeOrder>();
    for (const { metadata, spec } of (await state.list(NodeOrder)).resources) {
      const { id } = metadata;
      if (id === except || spec.what !== "upgrade" || ["waiting", "done"].includes(spec.state)) continue;
      const assignment = await state.find(Assignment, id);
      const profile = assignment && (await state.find(Profile, assignment.spec.profile));
      if (profile?.spec.memberOf?.cluster === cluster) found.set(id, spec);
    }
    return found;
  }

  /** The node of that cluster that is being upgraded, if it is another one. */
  function turnOf(cluster: string, id: string, others: ReadonlyMap<string, UpgradeOrder>, now: Date) {
    const [holder] = [...others].find(([, { state }]) => state !== "failed") ?? [];
    if (holder !== undefined) return holder;
    const claim = claims.get(cluster);
    if (!claim || claim.id === id || now.getTime() - claim.at.getTime() >= claimMs) return undefined;
    const told = others.get(claim.id);
    return told && told.at >= claim.at ? undefined : claim.id;
  }
};

/** Undefined where nobody asks, or asked of an earlier installation, or nobody knows for which image. */
function wishOf(asked: SpecOf<typeof Machine>["upgrade"], wipedAt: number, usual: string | undefined) {
  const image = asked?.image ?? usual;
  return asked?.wipeId === wipedAt && image !== undefined ? { upgradeId: asked.upgradeId, image } : undefined;
}

const isOver = ({ state }: Order) => state === "done" || state === "failed";

const said = (error: unknown) => (error instanceof Error ? error.message : String(error));
