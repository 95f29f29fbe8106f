// What one layer asks for, as resources of that layer.
import { many, shared } from "../../../cosi/engine/owns.ts";
import type { Resource, SpecOf } from "../../../cosi/resource.ts";
import type {
  IntendedDhcp,
  IntendedDhcp6,
  IntendedRoute,
  NetworkIntent,
  ObservedLink,
} from "../../network/intent.ts";
import { AddressSpec } from "../../resources/network/address.ts";
import { OperatorSpec } from "../../resources/network/dhcp.ts";
import { asked, idIn, type Layer } from "../../resources/network/layers.ts";
import { LinkSpec } from "../../resources/network/link.ts";
import {
  HostnameSpec,
  hostnameId,
  ResolverSpec,
  resolversId,
  TimeServerSpec,
  timeServersId,
} from "../../resources/network/names.ts";
import { RouteSpec, routeId } from "../../resources/network/route.ts";

/** What every layer may write. */
export const layerOwned = {
  links: shared(many(asked(LinkSpec))),
  addresses: shared(many(asked(AddressSpec))),
  routes: shared(many(asked(RouteSpec))),
  operators: shared(many(asked(OperatorSpec))),
  hostnames: shared(many(asked(HostnameSpec))),
  resolvers: shared(many(asked(ResolverSpec))),
  timeServers: shared(many(asked(TimeServerSpec))),
} as const;

export const observedLinks = (links: readonly Resource[]) =>
  links.map(({ metadata, spec }) => ({ ...(spec as ObservedLink), name: metadata.id }));

export function outputsOf(layer: Layer, intent: NetworkIntent) {
  const { links, addresses, dhcp, dhcp6 = [], hostname, resolvers, timeServers } = intent;
  const under = <Spec>(entries: readonly (readonly [id: string, spec: Spec])[]) =>
    Object.fromEntries(entries.map(([id, spec]) => [idIn(layer, id), { spec }]));
  const routes = intent.routes.map(routeSpec);
  const [name = "", ...domain] = (hostname ?? "").split(".");
  return {
    links: under(Object.entries(links)),
    addresses: under(addresses.map((it) => [`${it.linkName}/${it.address}`, it])),
    routes: under(routes.map((spec) => [routeId(spec), spec])),
    operators: under([
      ...[...dhcp.map(operator4), ...dhcp6.map(operator6)].map(
        (spec) => [`${spec.operator}/${spec.linkName}`, spec] as const,
      ),
    ]),
    hostnames: under(name === "" ? [] : [[hostnameId, { hostname: name, domainname: domain.join(".") }]]),
    resolvers: under(resolvers ? [[resolversId, resolvers]] : []),
    timeServers: under(timeServers ? [[timeServersId, { timeServers: [...timeServers] }]] : []),
  };
}

type Operator = SpecOf<typeof OperatorSpec>;

const operator4 = ({ linkName, metric, ignoresHostname }: IntendedDhcp): Operator => ({
  ...{ operator: "dhcp4", linkName },
  dhcp4: {
    ...(metric !== undefined && { routeMetric: metric }),
    ...(ignoresHostname !== undefined && { skipHostnameRequest: ignoresHostname }),
  },
});

const operator6 = ({ linkName, duid }: IntendedDhcp6): Operator => ({
  ...{ operator: "dhcp6", linkName },
  dhcp6: duid === undefined ? {} : { duid },
});

function routeSpec({ linkName, priority, table = "main", mtu = 0, ...route }: IntendedRoute) {
  const { destination = "", gateway = "", source = "" } = route;
  const family = (destination || gateway).includes(":") ? ("inet6" as const) : ("inet4" as const);
  // The kernel gives IPv6 routes without a priority this one.
  const usual = family === "inet6" ? 1024 : 0;
  return {
    ...{ family, type: linkName === undefined ? ("blackhole" as const) : ("unicast" as const) },
    ...{ dst: destination, gateway, src: source, outLinkName: linkName ?? "" },
    ...{ priority: priority ?? usual, table, mtu },
  };
}
