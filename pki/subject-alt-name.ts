import { domainToASCII } from "node:url";
import type { GeneralName } from "./x509/general-names.ts";
import { canonicalIp, ipOctets } from "./x509/ip-address.ts";

const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;

/** The extension's value for these names; undefined when there are none. Each name stands once. */
export function subjectAltName({
  dnsNames = [],
  ipAddresses = [],
}: {
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}): readonly GeneralName[] | undefined {
  const names: GeneralName[] = [
    ...[...new Set(dnsNames.map(dnsName))].map((value) => ({ is: "dns", value }) as const),
    ...[...new Set(ipAddresses.map(ipAddress))].map((value) => ({ is: "ip", value }) as const),
  ];
  return names.length > 0 ? names : undefined;
}

/** RFC 6125 §6.4.3: a wildcard stands alone in the leftmost label. */
function dnsName(text: string): string {
  const ascii = domainToASCII(text.replace(/^\*\./, "wildcard."));
  const labels = ascii.split(".");
  if (ascii.length > 253 || ipOctets(text) || !labels.every((part) => label.test(part))) {
    throw new Error(`Cannot name a certificate "${text}": not a DNS name`);
  }
  return text.startsWith("*.") ? ascii.replace(/^wildcard\./, "*.") : ascii;
}

function ipAddress(text: string): string {
  if (!ipOctets(text)) throw new Error(`Cannot name a certificate "${text}": not an IP address`);
  return canonicalIp(text);
}
