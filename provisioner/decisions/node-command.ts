// What a node is to be told over its API: to reset itself when its machine leaves, to upgrade itself when somebody asks.
import type { SpecOf } from "../../cosi/resource.ts";
import type { Installation } from "../resources/installation.ts";
import type { NodeOrder } from "../resources/node-order.ts";
import { type Facts, isInstalled, isWipeDue } from "./facts.ts";
import { isUntouchable } from "./hands-off.ts";

type Order = SpecOf<typeof NodeOrder>;
type Node = SpecOf<typeof Installation>["node"];

export type NodeCommand =
  | { readonly do: "nothing"; readonly why: string }
  | { readonly do: "reset"; readonly wipeId: number }
  /** It was told to reset itself; when the time is up others end its system. */
  | { readonly do: "awaitReset" }
  | { readonly do: "giveUpReset"; readonly why: string }
  | { readonly do: "write"; readonly upgradeId: number; readonly image: string }
  | {
      readonly do: "awaitTurn" | "refuse";
      readonly upgradeId: number;
      readonly image: string;
      readonly why: string;
    }
  /** It restarts into what was written. */
  | { readonly do: "awaitReturn"; readonly why: string; readonly until: Date }
  | { readonly do: "giveUpUpgrade"; readonly order: UpgradeOrder; readonly why: string }
  /** It is back: what came of it, it says itself. */
  | { readonly do: "judge"; readonly order: UpgradeOrder };

export type UpgradeOrder = Extract<Order, { what: "upgrade" }>;

interface Asked {
  readonly facts: Facts;
  readonly upgrade: { readonly upgradeId: number; readonly image: string } | undefined;
  readonly order: Order | undefined;
  readonly node: Node | undefined;
  /** Another node of its cluster is being upgraded. */
  readonly othersTurn: string | undefined;
  /** Upgrades of the other nodes of its cluster, by their machines. */
  readonly others: ReadonlyMap<string, UpgradeOrder>;
  readonly now: Date;
}

/** A node that erases its own disk takes seconds; one that hangs in it is cut off. */
const resetMs = 2 * 60_000;
/** An image has ten minutes to prove itself, and the one before it takes its time to boot. */
const returnMs = 30 * 60_000;

export function nodeCommand({ facts, upgrade, order, node, othersTurn, others, now }: Asked): NodeCommand {
  if (isUntouchable(facts)) return nothing("it is not to be touched");
  if (isWipeDue(facts)) return resetCommand(facts, order, now);
  if (facts.assignment !== "made" || !isInstalled(facts)) return nothing("nothing is installed on it");
  if (!upgrade) return nothing("it stays as it is");
  const mine = order?.what === "upgrade" && order.upgradeId === upgrade.upgradeId ? order : undefined;
  if (mine?.state === "done" || mine?.state === "failed") return nothing(mine.why);
  const isBack = node?.is === "ready" && facts.runs === "system";
  if (mine?.state === "restarting") {
    if (isBack && node.bootId !== mine.bootId) return { do: "judge", order: mine };
    const until = new Date(mine.at.getTime() + returnMs);
    if (now < until) return { do: "awaitReturn", why: mine.why, until };
    const why = `it has not come back within ${returnMs / 60_000} minutes`;
    return { do: "giveUpUpgrade", order: mine, why };
  }
  if (!isBack) return nothing("an upgrade is asked for, and it is not ready");
  const { upgradeId, image } = upgrade;
  const spoiler = mine?.state === "waiting" && spoilerOf(mine, others);
  if (spoiler) {
    const why = `${spoiler} could not be put on that image, so it is not tried here until it is asked for again`;
    return { do: "refuse", upgradeId, image, why };
  }
  // Whoever has begun goes on.
  if (othersTurn !== undefined && mine?.state !== "writing") {
    return { do: "awaitTurn", upgradeId, image, why: `${othersTurn} is upgraded first` };
  }
  return { do: "write", upgradeId, image };
}

/** Who failed with the same image while this one waited: a whole cluster shall not go through what one node came back from. */
function spoilerOf(mine: UpgradeOrder, others: Asked["others"]): string | undefined {
  const fails = ({ state, image, at }: UpgradeOrder) =>
    state === "failed" && image === mine.image && at.getTime() >= mine.at.getTime();
  return [...others].find(([, order]) => fails(order))?.[0];
}

function resetCommand(facts: Facts, order: Order | undefined, now: Date): NodeCommand {
  if (facts.runs !== "system") return nothing("its system does not run");
  const mine = order?.what === "reset" && order.wipeId === facts.wipeAsked ? order : undefined;
  if (mine?.state === "over") return nothing(mine.why);
  if (!mine) return { do: "reset", wipeId: facts.wipeAsked };
  // A clock that was set back makes nobody wait longer.
  const sinceMs = now.getTime() - mine.at.getTime();
  if (sinceMs >= 0 && sinceMs < resetMs) return { do: "awaitReset" };
  return { do: "giveUpReset", why: "it said that it would reset itself, and still runs" };
}

const nothing = (why: string): NodeCommand => ({ do: "nothing", why });
