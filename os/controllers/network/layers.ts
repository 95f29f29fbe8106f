// Who asks for what: one controller for each layer, and one for each type that brings the layers to one.
import type { Controller } from "../../../cosi/engine/controller.ts";
import { collectionController } from "../../../cosi/engine/controller.ts";
import { many, type Output, shared } from "../../../cosi/engine/owns.ts";
import { all } from "../../../cosi/engine/reads.ts";
import type { Resource, ResourceType } from "../../../cosi/resource.ts";
import {
  type IntendedRoute,
  type NetworkIntent,
  type ObservedLink,
  usualIntent,
} from "../../network/intent.ts";
import { intentOfLeases } from "../../network/lease-intent.ts";
import { AddressSpec } from "../../resources/network/address.ts";
import { DhcpLease, OperatorSpec } from "../../resources/network/dhcp.ts";
import { asked, idIn, type Layer, layerOf, layers } from "../../resources/network/layers.ts";
import { LinkSpec, LinkStatus } from "../../resources/network/link.ts";
import {
  HostnameSpec,
  hostnameId,
  ResolverSpec,
  resolversId,
  TimeServerSpec,
  timeServersId,
} from "../../resources/network/names.ts";
import { RouteSpec, routeId } from "../../resources/network/route.ts";

const owned = {
  links: shared(many(asked(LinkSpec))),
  addresses: shared(many(asked(AddressSpec))),
  routes: shared(many(asked(RouteSpec))),
  operators: shared(many(asked(OperatorSpec))),
  hostnames: shared(many(asked(HostnameSpec))),
  resolvers: shared(many(asked(ResolverSpec))),
  timeServers: shared(many(asked(TimeServerSpec))),
} as const;

const observed = (links: readonly Resource[]) =>
  links.map(({ metadata, spec }) => ({ ...(spec as ObservedLink), name: metadata.id }));

/** What somebody asks for, seeing these links. */
export type Asking = (links: readonly ObservedLink[]) => NetworkIntent;

/** For nodes that nobody names one to. */
const usualTimeServers = ["time.cloudflare.com"];

/** DHCP on every port that nobody else has asked something for; and a name. */
export const networkDefaults = (others: readonly Asking[], hostname: string) =>
  collectionController({
    name: "NetworkDefaults",
    reads: { links: all(LinkStatus) },
    owns: owned,
    reconcile({ links }) {
      const seen = observed(links);
      const intent = usualIntent(
        seen,
        others.map((asking) => asking(seen)),
      );
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
    owns: owned,
    reconcile: ({ links }) => ({ do: "set", outputs: outputsOf(layer, asking(observed(links))) }),
  });

export const networkFromLeases = collectionController({
  name: "NetworkFromLeases",
  reads: { leases: all(DhcpLease) },
  owns: owned,
  reconcile({ leases }) {
    const held = leases.map(({ metadata, spec }) => ({ link: metadata.id, lease: spec }));
    return { do: "set", outputs: outputsOf("operator", intentOfLeases(held)) };
  },
});

function outputsOf(layer: Layer, intent: NetworkIntent) {
  const { links, addresses, dhcp, hostname, resolvers, timeServers } = intent;
  const under = <Spec>(entries: readonly (readonly [id: string, spec: Spec])[]) =>
    Object.fromEntries(entries.map(([id, spec]) => [idIn(layer, id), { spec }]));
  const routes = intent.routes.map(routeSpec);
  const [name = "", ...domain] = (hostname ?? "").split(".");
  return {
    links: under(Object.entries(links)),
    addresses: under(addresses.map((it) => [`${it.linkName}/${it.address}`, it])),
    routes: under(routes.map((spec) => [routeId(spec), spec])),
    operators: under(
      dhcp.map((linkName) => [`dhcp4/${linkName}`, { operator: "dhcp4" as const, linkName }] as const),
    ),
    hostnames: under(name === "" ? [] : [[hostnameId, { hostname: name, domainname: domain.join(".") }]]),
    resolvers: under(resolvers ? [[resolversId, resolvers]] : []),
    timeServers: under(timeServers ? [[timeServersId, { timeServers: [...timeServers] }]] : []),
  };
}

function routeSpec({ linkName, destination = "", gateway = "", source = "", priority }: IntendedRoute) {
  const family = (destination || gateway).includes(":") ? ("inet6" as const) : ("inet4" as const);
  // The kernel gives IPv6 routes without a priority this one.
  const usual = family === "inet6" ? 1024 : 0;
  return {
    family,
    dst: destination,
    gateway,
    src: source,
    outLinkName: linkName,
    priority: priority ?? usual,
  };
}

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
    merged[id] = { spec: { ...merged[id]?.spec, ...one.spec } };
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
