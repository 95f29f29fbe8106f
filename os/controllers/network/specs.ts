// Brings the kernel's links, addresses and routes to what shall be. What a step led to comes back as a status, a little
// later: whatever is to go is taken away whether it has been seen or not.
import { controller } from "../../../cosi/engine/controller.ts";
import { all } from "../../../cosi/engine/reads.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import type { KernelNetwork } from "../../network/kernel-network.ts";
import { nextLinkStep } from "../../network/link-step.ts";
import { AddressSpec, AddressStatus } from "../../resources/network/address.ts";
import { LinkSpec, LinkStatus } from "../../resources/network/link.ts";
import { RouteSpec, RouteStatus } from "../../resources/network/route.ts";

export const linkSpecs = (kernel: KernelNetwork) => {
  /** Of what each of the links is made that were made here. */
  const recipes = new Map<string, string>();
  return controller({
    name: "LinkSpec",
    each: LinkSpec,
    reads: { links: all(LinkStatus) },

    async reconcile({ metadata: { id }, spec }, { links }) {
      const seen = links.map((link) => ({ ...link.spec, name: link.metadata.id }));
      const there = seen.find(({ name }) => name === id);
      const recipe = JSON.stringify(recipeOf(spec));
      if (there && recipe !== (recipes.get(id) ?? recipe)) {
        // Most of it cannot be changed while it is in use: it is made anew.
        recipes.delete(id);
        await kernel.removeLink(id);
        return { do: "done" };
      }
      const step = nextLinkStep(id, spec, seen);
      if (step.do === "wait") return step;
      if (step.do.startsWith("make")) recipes.set(id, recipe);
      if (step.do !== "done") await kernel.stepLink(id, step);
      return { do: "done" };
    },

    async teardown({ metadata: { id }, spec }) {
      if (Object.values(recipeOf(spec)).some((part) => part)) await kernel.removeLink(id);
      recipes.delete(id);
      return { do: "remove" };
    },
  });
};

/** Of what a link is made; of nothing, when it is there by itself. */
const recipeOf = ({ bond, vlan, bridge, dummy, vrf, wireguard }: SpecOf<typeof LinkSpec>) => ({
  ...{ bond, vlan, bridge, dummy, vrf, wireguard },
});

export const addressSpecs = (kernel: KernelNetwork) =>
  controller({
    name: "AddressSpec",
    each: AddressSpec,
    reads: { links: all(LinkStatus), addresses: all(AddressStatus) },

    async reconcile({ metadata: { id }, spec }, { links, addresses }) {
      const there = addresses.find(({ metadata }) => metadata.id === id);
      if (there?.spec.priority === (spec.priority ?? 0)) return { do: "done" };
      const link = links.find(({ metadata }) => metadata.id === spec.linkName);
      if (!link) return { do: "wait", why: `there is no link ${spec.linkName}` };
      await kernel.changeAddress("add", link.spec.index, spec);
      return { do: "done" };
    },

    async teardown({ spec }, { links }) {
      const link = links.find(({ metadata }) => metadata.id === spec.linkName);
      if (link) await kernel.changeAddress("remove", link.spec.index, spec);
      return { do: "remove" };
    },
  });

export const routeSpecs = (kernel: KernelNetwork) =>
  controller({
    name: "RouteSpec",
    each: RouteSpec,
    reads: { links: all(LinkStatus), addresses: all(AddressStatus), routes: all(RouteStatus) },

    async reconcile({ metadata: { id }, spec }, { links, addresses, routes }) {
      const there = routes.find(({ metadata }) => metadata.id === id)?.spec;
      if (there?.src === spec.src && there.mtu === spec.mtu) return { do: "done" };
      if (spec.type === "blackhole") {
        await kernel.changeRoute("add", undefined, spec);
        return { do: "done" };
      }
      const link = links.find(({ metadata }) => metadata.id === spec.outLinkName);
      if (!link?.spec.up) return { do: "wait", why: `${spec.outLinkName} is not up` };
      const reachable = addresses.some(
        ({ spec: address }) => address.linkName === spec.outLinkName && address.family === spec.family,
      );
      if (!reachable) return { do: "wait", why: `${spec.outLinkName} has no address yet` };
      await kernel.changeRoute("add", link.spec.index, spec);
      return { do: "done" };
    },

    async teardown({ spec }, { links }) {
      const link = links.find(({ metadata }) => metadata.id === spec.outLinkName);
      if (link || spec.type === "blackhole") await kernel.changeRoute("remove", link?.spec.index, spec);
      return { do: "remove" };
    },
  });
