import type { SpecOf } from "../../cosi/resource.ts";
import type { DhcpLease } from "../resources/network/dhcp.ts";
import { type NetworkIntent, nothing } from "./intent.ts";

/** Below what people configure, so that a route of theirs wins (a lower number is preferred). */
const usualMetric = 1024;

/** What is known of the link's client besides its lease. */
export interface HeldLease {
  readonly link: string;
  readonly lease: SpecOf<typeof DhcpLease>;
  readonly metric?: number | undefined;
  readonly ignoresHostname?: boolean | undefined;
}

/** What the DHCP servers of all links ask for together; of names, the first link's count. */
export function intentOfLeases(leases: readonly HeldLease[]): NetworkIntent {
  const dnsServers = [...new Set(leases.flatMap(({ lease }) => lease.dnsServers))];
  const searchDomains = [...new Set(leases.flatMap(({ lease }) => lease.searchDomains))];
  const timeServers = [...new Set(leases.flatMap(({ lease }) => lease.timeServers))];
  const hostname = leases
    .filter(({ ignoresHostname }) => !ignoresHostname)
    .map(({ lease }) => lease.hostname)
    .find((name) => name !== "");
  return {
    ...nothing,
    links: Object.fromEntries(
      leases.flatMap(({ link, lease: { mtu } }) => (mtu === undefined ? [] : [[link, { up: true, mtu }]])),
    ),
    addresses: leases.map(({ link, lease }) => ({ linkName: link, address: lease.address })),
    routes: leases.flatMap(({ link, lease, metric = usualMetric }) =>
      lease.routes.map(({ destination, router }) => ({
        linkName: link,
        destination: destination === "0.0.0.0/0" ? undefined : destination,
        // RFC 3442: router 0.0.0.0 means that the destination is on this link.
        gateway: router === "0.0.0.0" ? undefined : router,
        source: lease.address.split("/")[0],
        priority: metric,
      })),
    ),
    ...(hostname && { hostname }),
    ...(dnsServers.length + searchDomains.length > 0 && { resolvers: { dnsServers, searchDomains } }),
    ...(timeServers.length > 0 && { timeServers }),
  };
}
