import type { ClasslessRoute } from "../../../wire/dhcp/classless-routes.ts";
import type { Packet } from "../../../wire/dhcp/packet.ts";

/** What a DHCP server lends, in the words of the network and not of the protocol. */
export interface Lease {
  readonly address: string;
  readonly prefixLength: number;
  readonly server: string;
  readonly routes: readonly ClasslessRoute[];
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly timeServers: readonly string[];
  readonly hostName: string | undefined;
  readonly mtu: number | undefined;
  readonly obtainedAtMs: number;
  /** When to ask the same server again, when to ask any, when it is over (RFC 2131 §4.4.5). */
  readonly renewAtMs: number;
  readonly rebindAtMs: number;
  readonly expiresAtMs: number;
}

/** The lease in an acknowledgement; a sentence when the server left out what a lease cannot be without. */
export function leaseOf({ yourAddress, options }: Packet, nowMs: number): Lease | string {
  const { serverIdentifier, leaseTimeS } = options;
  if (yourAddress === "0.0.0.0") return "the server acknowledged no address";
  if (serverIdentifier === undefined) return "the server did not say who it is (option 54)";
  if (leaseTimeS === undefined) return "the server did not say for how long (option 51)";

  const forever = leaseTimeS === 0xffffffff;
  const after = (seconds: number) => (forever ? Infinity : nowMs + seconds * 1000);
  const renewS = within(options.renewalTimeS, leaseTimeS, 0.5);
  return {
    address: yourAddress,
    prefixLength: options.subnetMask === undefined ? 32 : prefixOf(options.subnetMask),
    server: serverIdentifier,
    routes: routesOf(options),
    nameServers: options.domainNameServers ?? [],
    searchDomains: options.domainSearch ?? (options.domainName ? [options.domainName] : []),
    timeServers: options.ntpServers ?? [],
    hostName: options.hostName,
    mtu:
      options.interfaceMtu !== undefined && options.interfaceMtu >= smallestMtu
        ? options.interfaceMtu
        : undefined,
    obtainedAtMs: nowMs,
    renewAtMs: after(renewS),
    rebindAtMs: after(Math.max(renewS, within(options.rebindingTimeS, leaseTimeS, 0.875))),
    expiresAtMs: after(leaseTimeS),
  };
}

/** RFC 791: every link carries this much. */
const smallestMtu = 68;

/** Times past the lease's own end are a misconfiguration: the RFC's fraction serves instead. */
const within = (seconds: number | undefined, leaseTimeS: number, fraction: number) =>
  seconds !== undefined && seconds < leaseTimeS ? seconds : leaseTimeS * fraction;

/** RFC 3442: who understands classless routes must ignore the routers. */
function routesOf({
  classlessStaticRoutes,
  microsoftClasslessRoutes,
  routers = [],
}: Packet["options"]): readonly ClasslessRoute[] {
  const classless = classlessStaticRoutes ?? microsoftClasslessRoutes;
  return classless ?? routers.slice(0, 1).map((router) => ({ destination: "0.0.0.0/0", router }));
}

/** The ones from the left; a mask with holes counts up to its first hole. */
function prefixOf(mask: string): number {
  const bits = mask
    .split(".")
    .map((octet) => Number(octet).toString(2).padStart(8, "0"))
    .join("");
  const hole = bits.indexOf("0");
  return hole < 0 ? 32 : hole;
}
