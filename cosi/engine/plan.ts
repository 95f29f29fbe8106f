import type { ResourceType } from "../resource.ts";
import type { Controller } from "./controller.ts";
import { type Own, type OwnedType, ownedType } from "./owns.ts";
import { type JoinedRead, joined } from "./reads.ts";

/** A controller's declaration with everything spelled out, as the engine, the validation and the graph read it. */
export interface Plan {
  readonly name: string;
  readonly each: ResourceType | undefined;
  readonly reads: ReadonlyMap<string, JoinedRead>;
  readonly owns: readonly OwnedType[];
  /** Whether one type is owned without a name, so that a verdict gives its spec directly. */
  readonly bare: boolean;
  readonly concurrency: number;
  readonly timeoutMs: number | undefined;
  readonly controller: Controller;
}

export function planOf(controller: Controller): Plan {
  const { name, each, reads = {}, owns, concurrency = 1, timeoutMs } = controller;
  const bare = owns !== undefined && isOwn(owns);
  return {
    name,
    each,
    reads: new Map(Object.entries(reads).map(([name, read]) => [name, joined(read)])),
    owns: bare
      ? [ownedType("", owns)]
      : Object.entries(owns ?? {}).map(([name, own]) => ownedType(name, own)),
    bare,
    concurrency,
    timeoutMs,
    controller,
  };
}

const isOwn = (owns: Own | Readonly<Record<string, Own>>): owns is Own =>
  typeof (owns as { type?: unknown }).type === "string" || "make" in owns || "join" in owns;

/** Names a kind in maps and messages. */
export const kindOf = ({ namespace, type }: Pick<ResourceType, "namespace" | "type">) =>
  `${namespace}/${type}`;

/** Every type that the controller has to know the resources of. */
export function typesOf(plan: Plan): ResourceType[] {
  const types = [
    ...(plan.each ? [plan.each] : []),
    ...[...plan.reads.values()].map(({ type }) => type),
    ...plan.owns.map(({ type }) => type),
  ];
  return [...new Map(types.map((type) => [kindOf(type), type])).values()];
}
