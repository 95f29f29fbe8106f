import type { Dhcpv6Message } from "../../../wire/dhcpv6/message.ts";

/** What a server has lent, and what it told besides. Routes come by router advertisements. */
export interface Lease6 {
  readonly address: string;
  readonly serverId: Uint8Array;
  readonly dnsServers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly timeServers: readonly string[];
  readonly renewAtMs: number;
  readonly rebindAtMs: number;
  readonly expiresAtMs: number;
}

/** RFC 8415 §7.7 */
const forEver = 0xffffffff;
const endOf = (seconds: number, nowMs: number) => (seconds === forEver ? Infinity : nowMs + seconds * 1000);

/** A sentence when there is none in it. */
export function leaseOf({ options }: Dhcpv6Message, nowMs: number): Lease6 | string {
  const { serverId, iaNa, statusCode, dnsServers = [], domainList = [], timeServers = [] } = options;
  const lent = iaNa?.options.iaAddress;
  const refusal = [statusCode, iaNa?.options.statusCode, lent?.options.statusCode].find(
    (it) => it && it.code !== 0,
  );
  if (refusal) return `refused with status ${refusal.code}${refusal.message && `: ${refusal.message}`}`;
  if (!serverId) return "an answer that does not say whose it is";
  if (!iaNa || !lent || lent.validSeconds === 0) return "an answer without an address";
  const { address, preferredSeconds, validSeconds } = lent;
  // §14.2: left to the client, these are usual.
  const renewSeconds = iaNa.renewSeconds || share(preferredSeconds, 0.5);
  const rebindSeconds = iaNa.rebindSeconds || share(preferredSeconds, 0.8);
  return {
    ...{ address, serverId, dnsServers, searchDomains: domainList, timeServers },
    renewAtMs: endOf(renewSeconds, nowMs),
    rebindAtMs: endOf(rebindSeconds, nowMs),
    expiresAtMs: endOf(validSeconds, nowMs),
  };
}

const share = (seconds: number, part: number) => (seconds === forEver ? forEver : Math.floor(seconds * part));
