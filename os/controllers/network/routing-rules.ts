import { isDeepStrictEqual } from "node:util";
import { controller } from "../../../cosi/engine/controller.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import { RoutingRuleSpec } from "../../resources/network/routing-rule.ts";

export type ChangeRule = (change: "add" | "remove", rule: SpecOf<typeof RoutingRuleSpec>) => Promise<void>;

export const routingRuleSpecs = (changeRule: ChangeRule) => {
  /** As the kernel was told them: nobody else tells it any. */
  const told = new Map<string, SpecOf<typeof RoutingRuleSpec>>();
  return controller({
    name: "RoutingRuleSpec",
    each: RoutingRuleSpec,
    async reconcile({ metadata: { id }, spec }) {
      const before = told.get(id);
      if (isDeepStrictEqual(before, spec)) return { do: "done" };
      if (before) await changeRule("remove", before);
      told.delete(id);
      await changeRule("add", spec);
      told.set(id, spec);
      return { do: "done" };
    },
    async teardown({ metadata: { id } }) {
      const before = told.get(id);
      if (before) await changeRule("remove", before);
      told.delete(id);
      return { do: "remove" };
    },
  });
};
