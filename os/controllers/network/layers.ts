// Who asks for what: one controller for each layer, and one for each type that brings the layers to one.
import type { Controller } from "../../../cosi/engine/controller.ts";
import { collectionController } from "../../../cosi/engine/controller.ts";
import { many, type Output } from "../../../cosi/engine/owns.ts";
import { all, the } from "../../../cosi/engine/reads.ts";
import type { Resource, ResourceType } from "../../../cosi/resource.ts";
import { linksOf, type NetworkIntent, type ObservedLink, usualIntent } from "../../network/intent.ts";
import { intentOfLeases } from "../../network/lease-intent.ts";
import { AddressSpec } from "../../resources/network/address.ts";
import { ConfiguredLinks } from "../../resources/network/configured-links.ts";
import { DhcpLease, OperatorSpec } from "../../resources/network/dhcp.ts";
import { asked, type Layer, layerOf, layers } from "../../resources/network/layers.ts";
import { LinkSpec, LinkStatus } from "../../resources/network/link.ts";
import { HostnameSpec, ResolverSpec, TimeServerSpec } from "../../resources/network/names.ts";
import { RouteSpec } from "../../resources/network/route.ts";
import { layerOwned, observedLinks, outputsOf } from "./layer-outputs.ts";

/** What somebody asks for, seeing these links. */
export type Asking = (links: readonly ObservedLink[]) => NetworkIntent;

/** For nodes that nobody names one to. */
const usualTimeServers = ["time.cloudflare.com"];

/** DHCP on every port that nobody else has asked something for; and a name. */
export const networkDefaults = (others: readonly Asking[], hostname: string) =>
  collectionController({
    name: "NetworkDefaults",
    reads: { links: all(LinkStatus), configured: the(ConfiguredLinks, "configuration") },
    owns: layerOwned,
    reconcile({ links, configured }) {
      const seen = observedLinks(links);
      const spoken = others.flatMap((asking) => [...linksOf(asking(seen))]);
      const intent = usualIntent(seen, new Set([...spoken, ...(configured?.spec.links ?? [])]));
      return {
        do: "set",
        outputs: outputsOf("default", { ...intent, hostname, timeServers: usualTimeServers }),
      };
    },
  });

export const networkFromAsking = (name: string, layer: Layer, asking: Asking) =>
  collectionController({
    name,
    reads: { links: all(LinkStatus) },
    owns: layerOwned,
    reconcile: ({ links }) => ({ do: "set", outputs: outputsOf(layer, asking(observedLinks(links))) }),
  });

export const networkFromLeases = collectionController({
  name: "NetworkFromLeases",
  reads: { leases: all(DhcpLease), operators: all(OperatorSpec) },
  owns: layerOwned,
  reconcile({ leases, operators }) {
    const held = leases.map(({ metadata: { id }, spec: lease }) => {
      const [link = ""] = id.split("/");
      const { dhcp4 } = operators.find(({ metadata }) => metadata.id === `dhcp4/${id}`)?.spec ?? {};
      return { link, lease, metric: dhcp4?.routeMetric, ignoresHostname: dhcp4?.skipHostnameRequest };
    });
    return { do: "set", outputs: outputsOf("operator", intentOfLeases(held)) };
  },
});

/** Brings what the layers ask for to one: what a later layer says replaces what an earlier one said. */
const merging = (name: string, type: ResourceType): Controller =>
  collectionController({
    name,
    reads: { layers: all(asked(type)) },
    owns: many(type),
    reconcile: (({ layers: said }: { layers: readonly Resource<object>[] }) => ({
      do: "set",
      outputs: mergeLayers(said),
    })) as never,
  });

/** Exported for its test. */
export function mergeLayers(said: readonly Resource<object>[]): Record<string, Output<object>> {
  const rank = ({ metadata }: Resource) => layers.indexOf(layerOf(metadata.id).layer);
  const merged: Record<string, Output<object>> = {};
  for (const one of [...said].sort((a, b) => rank(a) - rank(b))) {
    const { id } = layerOf(one.metadata.id);
    // An empty list says nothing: whoever names search domains only leaves the servers to others.
    const said = Object.entries(one.spec).filter(([, value]) => !Array.isArray(value) || value.length > 0);
    const before = merged[id]?.spec;
    merged[id] = { spec: before ? { ...before, ...Object.fromEntries(said) } : one.spec };
  }
  return merged;
}

export const networkMerges: readonly Controller[] = [
  merging("LinkMerge", LinkSpec),
  merging("AddressMerge", AddressSpec),
  merging("RouteMerge", RouteSpec),
  merging("OperatorMerge", OperatorSpec),
  merging("HostnameMerge", HostnameSpec),
  merging("ResolverMerge", ResolverSpec),
  merging("TimeServerMerge", TimeServerSpec),
];
