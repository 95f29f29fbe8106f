import type { SpecOf } from "../../cosi/resource.ts";
import type { AddressStatus } from "../resources/network/address.ts";
import type { RouteStatus } from "../resources/network/route.ts";
import type { ObservedLink } from "./intent.ts";

/** Addresses that others can talk to: of links with hardware or made by us first, IPv4 before IPv6. */
export function usableAddresses(addresses: readonly SpecOf<typeof AddressStatus>[]): string[] {
  return addresses
    .filter(({ scope, tentative }) => (scope === "global" || scope === "site") && !tentative)
    .sort((a, b) => a.family.localeCompare(b.family) || a.linkIndex - b.linkIndex)
    .map(({ address }) => address);
}

/** What is missing before anybody can be talked to, for whoever stands in front of the machine; empty: nothing. */
export function networkWaitsFor(
  links: readonly ObservedLink[],
  addresses: readonly SpecOf<typeof AddressStatus>[],
  routes: readonly SpecOf<typeof RouteStatus>[],
): string {
  const ports = links.filter(({ physical, type }) => physical && type === "ether");
  const names = (some: readonly ObservedLink[]) => some.map(({ name }) => name).join(", ");
  if (ports.length === 0) return "a network card: none was found, or there is no driver for it";
  const plugged = ports.filter(({ linkState }) => linkState);
  if (plugged.length === 0) return `a cable: no port has a link (${names(ports)})`;
  if (usableAddresses(addresses).length === 0)
    return `an address: no DHCP server has answered on ${names(plugged)}`;
  if (!routes.some(isWayOut)) return "a way out: there is an address, but no default route";
  return "";
}

/** Whether what is sent anywhere leaves by it. */
export const isWayOut = ({ dst, table, type }: SpecOf<typeof RouteStatus>) =>
  dst === "" && table === "main" && type === "unicast";
