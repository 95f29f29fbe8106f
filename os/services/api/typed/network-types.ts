// The network's resources, but for links.
import {
  NethelpersFamily as Family,
  NethelpersClientIdentifier as Identifier,
  NetworkOperator,
  NethelpersRouteProtocol as Protocol,
  NethelpersRouteType as RouteType,
  NethelpersScope as Scope,
} from "../../../../api/gen/resource/definitions/enums/enums_pb.js";
import {
  AddressSpecSpecSchema,
  AddressStatusSpecSchema,
  HostnameSpecSpecSchema,
  HostnameStatusSpecSchema,
  NodeAddressSpecSchema,
  OperatorSpecSpecSchema,
  ResolverSpecSpecSchema,
  ResolverStatusSpecSchema,
  RouteSpecSpecSchema,
  RouteStatusSpecSchema,
  StatusSpecSchema,
  TimeServerSpecSpecSchema,
  TimeServerStatusSpecSchema,
} from "../../../../api/gen/resource/definitions/network/network_pb.js";
import type { ServedType } from "../../../../cosi/grpc/served-type.ts";
import type { SpecOf } from "../../../../cosi/resource.ts";
import { AddressSpec, AddressStatus } from "../../../resources/network/address.ts";
import { OperatorSpec } from "../../../resources/network/dhcp.ts";
import {
  HostnameSpec,
  HostnameStatus,
  ResolverSpec,
  ResolverStatus,
  TimeServerSpec,
  TimeServerStatus,
} from "../../../resources/network/names.ts";
import { NetworkStatus, NodeAddress } from "../../../resources/network/node.ts";
import { RouteSpec, RouteStatus } from "../../../resources/network/route.ts";
import { all, ip, prefix } from "./addresses.ts";
import { configLayer } from "./config-layer.ts";
import { routingTables } from "./routing-tables.ts";
import { numbers, typed } from "./typed.ts";

/** Linux, include/uapi/linux/if_addr.h: IFA_F_TENTATIVE and IFA_F_PERMANENT. */
const addressFlags = { tentative: 0x40, permanent: 0x80 };

const scopes = numbers(
  { global: Scope.SCOPE_GLOBAL, site: Scope.SCOPE_SITE, link: Scope.SCOPE_LINK, host: Scope.SCOPE_HOST },
  Scope.SCOPE_NOWHERE,
);

const protocols = numbers(
  {
    kernel: Protocol.PROTOCOL_KERNEL,
    boot: Protocol.PROTOCOL_BOOT,
    static: Protocol.PROTOCOL_STATIC,
    ra: Protocol.PROTOCOL_RA,
    dhcp: Protocol.PROTOCOL_DHCP,
  },
  Protocol.PROTOCOL_UNSPEC,
);

const families = { inet4: Family.FAMILY_INET4, inet6: Family.FAMILY_INET6 } as const;

const routeTypes = { unicast: RouteType.TYPE_UNICAST, blackhole: RouteType.TYPE_BLACKHOLE } as const;

const operators = { dhcp4: NetworkOperator.OPERATOR_DHCP4, dhcp6: NetworkOperator.OPERATOR_DHCP6 } as const;

/** Without a DUID of the config's, one is made of the MAC. */
const identifierOf = (duid: string | undefined) =>
  duid === undefined
    ? { clientIdentifier: Identifier.CLIENT_IDENTIFIER_MAC }
    : { clientIdentifier: Identifier.CLIENT_IDENTIFIER_DUID, duidRawHex: duid };

/** What a route that shall be and one that is have in common. */
const routeOf = ({ family, dst, gateway, src, type, table, ...same }: SpecOf<typeof RouteSpec>) => ({
  family: families[family],
  destination: prefix(dst),
  gateway: ip(gateway),
  source: ip(src),
  type: routeTypes[type],
  table: routingTables(table),
  ...same,
});

export const networkTypes: readonly ServedType[] = [
  typed(AddressSpec, AddressSpecSpecSchema, ({ address, linkName, priority = 0 }, key) => ({
    address: prefix(address),
    ...{ linkName, priority },
    family: address.includes(":") ? Family.FAMILY_INET6 : Family.FAMILY_INET4,
    flags: addressFlags.permanent,
    configLayer: configLayer(key),
  })),
  typed(AddressStatus, AddressStatusSpecSchema, ({ address, family, tentative, ...spec }) => ({
    ...spec,
    address: prefix(address),
    local: ip(address.split("/")[0]!),
    family: families[family],
    scope: scopes(spec.scope),
    flags: tentative ? addressFlags.tentative : 0,
  })),
  typed(RouteSpec, RouteSpecSpecSchema, (spec, key) => ({
    ...routeOf(spec),
    scope: spec.gateway === "" && spec.family === "inet4" ? Scope.SCOPE_LINK : Scope.SCOPE_GLOBAL,
    protocol: Protocol.PROTOCOL_STATIC,
    configLayer: configLayer(key),
  })),
  typed(RouteStatus, RouteStatusSpecSchema, ({ scope, protocol, ...spec }) => ({
    ...routeOf(spec),
    scope: scopes(scope),
    protocol: protocols(protocol),
  })),
  typed(OperatorSpec, OperatorSpecSpecSchema, ({ operator, linkName, dhcp4, dhcp6 }, key) => ({
    ...{ operator: operators[operator], linkName, requireUp: true },
    ...(dhcp6 && { dhcp6: { clientIdentifier: identifierOf(dhcp6.duid) } }),
    ...(dhcp4 && {
      dhcp4: { routeMetric: dhcp4.routeMetric ?? 0, skipHostnameRequest: dhcp4.skipHostnameRequest ?? false },
    }),
    configLayer: configLayer(key),
  })),
  typed(HostnameSpec, HostnameSpecSpecSchema, (spec, key) => ({ ...spec, configLayer: configLayer(key) })),
  typed(HostnameStatus, HostnameStatusSpecSchema, (spec) => spec),
  typed(ResolverSpec, ResolverSpecSpecSchema, ({ dnsServers, searchDomains }, key) => ({
    ...{ dnsServers: all(dnsServers, ip), searchDomains, configLayer: configLayer(key) },
  })),
  typed(ResolverStatus, ResolverStatusSpecSchema, ({ dnsServers, searchDomains }) => ({
    ...{ dnsServers: all(dnsServers, ip), searchDomains },
  })),
  typed(TimeServerSpec, TimeServerSpecSpecSchema, ({ timeServers }, key) => ({
    ...{ ntpServers: timeServers, configLayer: configLayer(key) },
  })),
  typed(TimeServerStatus, TimeServerStatusSpecSchema, ({ timeServers }) => ({ ntpServers: timeServers })),
  typed(NodeAddress, NodeAddressSpecSchema, ({ addresses }) => ({ addresses: all(addresses, prefix) })),
  typed(
    NetworkStatus,
    StatusSpecSchema,
    ({ addressReady, connectivityReady, hostnameReady, etcFilesReady }) => ({
      ...{ addressReady, connectivityReady, hostnameReady, etcFilesReady },
    }),
  ),
];
