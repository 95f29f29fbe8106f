import { isIP } from "node:net";
import type { NodeNames } from "./certificates.ts";

/** By what the node is reached, from what is known of it; without repetition. */
export function nodeNames(known: {
  readonly hostname: string;
  readonly domainname: string;
  /** With or without their lengths. */
  readonly addresses: readonly string[];
  readonly certSans: readonly string[];
}): NodeNames {
  const { hostname, domainname, addresses, certSans } = known;
  const all = [
    "127.0.0.1",
    "::1",
    ...addresses.map((address) => address.replace(/\/\d+$/, "")),
    ...certSans,
    hostname,
    ...(hostname !== "" && domainname !== "" ? [`${hostname}.${domainname}`] : []),
  ].filter((name) => name !== "");
  const unique = [...new Set(all)];
  return {
    dnsNames: unique.filter((name) => isIP(name) === 0),
    ipAddresses: unique.filter((name) => isIP(name) !== 0),
  };
}
