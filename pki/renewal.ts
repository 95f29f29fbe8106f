import type { Certificate } from "./certificate.ts";
import { day } from "./lifetimes.ts";
import { canonicalIp } from "./x509/ip-address.ts";

interface Backdated {
  /** How long before its issue the certificate began to hold, as its grant said. */
  readonly backdateMs?: number;
}

/** Half-way between a certificate's issue and its end. */
export function renewalTime(
  { notBefore, notAfter }: Pick<Certificate, "notBefore" | "notAfter">,
  { backdateMs = day }: Backdated = {},
): Date {
  const issued = notBefore.getTime() + backdateMs;
  return new Date(issued + (notAfter.getTime() - issued) / 2);
}

export interface Wanted extends Backdated {
  readonly now: Date;
  readonly authority: Certificate;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** Why a certificate must be issued anew; undefined while it serves. */
export function renewalReason(
  certificate: Certificate,
  { now, authority, dnsNames = [], ipAddresses = [], backdateMs = day }: Wanted,
): string | undefined {
  // A clock that was set back (or was wrong when we issued) would otherwise serve what no peer accepts yet.
  if (now < certificate.notBefore) return "it does not hold yet: the clock has changed";
  if (now >= renewalTime(certificate, { backdateMs })) return "half of its life is over";
  if (!certificate.isSignedBy(authority)) return "its authority has changed";
  const missing =
    dnsNames.find((name) => !certificate.dnsNames.includes(name)) ??
    ipAddresses.find((address) => !certificate.ipAddresses.includes(canonicalIp(address)));
  if (missing !== undefined) return `${missing} is not among its names`;
  const surplus =
    certificate.dnsNames.find((name) => !dnsNames.includes(name)) ??
    certificate.ipAddresses.find((address) => !ipAddresses.some((wanted) => canonicalIp(wanted) === address));
  return surplus === undefined ? undefined : `${surplus} is no longer among its names`;
}
