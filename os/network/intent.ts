import type { SpecOf } from "../../cosi/resource.ts";
import type { LinkSpec, LinkStatus } from "../resources/network/link.ts";
import type { ResolverSpec } from "../resources/network/names.ts";
import type { WireguardSpec } from "../resources/network/wireguard.ts";

/** How somebody (the kernel's arguments, the machine config, a DHCP server) wants the network to be. */
export interface NetworkIntent {
  readonly links: Readonly<Record<string, SpecOf<typeof LinkSpec>>>;
  /** With their prefix lengths. */
  readonly addresses: readonly IntendedAddress[];
  readonly routes: readonly IntendedRoute[];
  /** Links that are to get their address by DHCP. */
  readonly dhcp: readonly IntendedDhcp[];
  readonly dhcp6?: readonly IntendedDhcp6[];
  /** By the links' names. */
  readonly wireguard?: Readonly<Record<string, SpecOf<typeof WireguardSpec>>>;
  readonly hostname?: string | undefined;
  readonly resolvers?: SpecOf<typeof ResolverSpec> | undefined;
  readonly timeServers?: readonly string[] | undefined;
}

export interface IntendedAddress {
  readonly linkName: string;
  readonly address: string;
  /** Of the route to its network; undefined: the usual one. */
  readonly priority?: number;
}

export interface IntendedDhcp {
  readonly linkName: string;
  /** Of the routes that come with a lease; undefined: the usual one. */
  readonly metric?: number;
  readonly ignoresHostname?: boolean;
}

export interface IntendedDhcp6 {
  readonly linkName: string;
  /** In hexadecimal; undefined: made of the MAC. */
  readonly duid: string | undefined;
}

export interface IntendedRoute {
  /** Undefined: what is sent there is thrown away. */
  readonly linkName: string | undefined;
  /** Undefined: everywhere. */
  readonly destination?: string | undefined;
  /** Undefined: the destination is on the link. */
  readonly gateway?: string | undefined;
  readonly source?: string | undefined;
  readonly priority?: number | undefined;
  /** Undefined: the main one. */
  readonly table?: string | undefined;
  readonly mtu?: number | undefined;
}

export const nothing: NetworkIntent = { links: {}, addresses: [], routes: [], dhcp: [] };

/** A link as the kernel has it, with its name. */
export type ObservedLink = SpecOf<typeof LinkStatus> & { readonly name: string };

/** Every link that the intent says something about. */
export function linksOf({ links, addresses, routes, dhcp }: NetworkIntent): ReadonlySet<string> {
  return new Set([
    ...Object.entries(links).flatMap(([name, { vlan }]) => (vlan ? [name, vlan.parent] : [name])),
    ...[...addresses, ...routes, ...dhcp].flatMap(({ linkName }) => linkName ?? []),
  ]);
}

/** The node's own usual way: DHCP on every Ethernet port that nobody says anything about; and it can talk to itself. */
export function usualIntent(links: readonly ObservedLink[], spoken: ReadonlySet<string>): NetworkIntent {
  const free = links
    .filter(({ name, physical, type }) => physical && type === "ether" && !spoken.has(name))
    .map(({ name }) => name);
  // The kernel gives it its addresses when it comes up.
  const own = links.filter(({ type }) => type === "loopback").map(({ name }) => name);
  const up = Object.fromEntries([...own, ...free].map((name) => [name, { up: true }]));
  return { ...nothing, links: up, dhcp: free.map((linkName) => ({ linkName })) };
}
