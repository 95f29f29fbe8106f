// What the node shows on the machine API, and what it calls other nodes with.
import type { Identity as PemIdentity } from "../../../api/grpc/server-tls.ts";
import { type Authority, createAuthority, type Identity } from "../../../pki/authority.ts";
import type { Certificate } from "../../../pki/certificate.ts";
import { day } from "../../../pki/lifetimes.ts";
import { renewalReason, renewalTime } from "../../../pki/renewal.ts";
import { role } from "../../../pki/roles.ts";

/** By what others reach the node. */
export interface NodeNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export interface ApiCertificates {
  readonly server: Identity;
  /** Lets the node act for a client on other nodes; only control planes have one. */
  readonly client: Identity | undefined;
}

export const pemOf = ({ certificate, key }: Identity): PemIdentity => ({
  certificate: certificate.pem,
  key: key.pkcs8Pem,
});

/** Where the node's certificates come from: its own authority, or a control plane that has one. */
export type Issuer =
  | { readonly is: "own"; readonly authority: Authority }
  | {
      readonly is: "asked";
      readonly certificate: Certificate;
      readonly ask: (names: NodeNames) => Promise<Identity>;
    };

export async function certify(issuer: Issuer, names: NodeNames): Promise<ApiCertificates> {
  if (issuer.is === "own") return issueCertificates(issuer.authority, names);
  return { server: await issuer.ask(names), client: undefined };
}

/** A day each: whoever steals one has little of it. */
async function issueCertificates(authority: Authority, names: NodeNames): Promise<ApiCertificates> {
  const [server, client] = await Promise.all([
    authority.issue({ ...names, purposes: ["serverAuth"], lifetimeMs: day }),
    authority.issue({ organization: [role.impersonator], purposes: ["clientAuth"], lifetimeMs: day }),
  ]);
  return { server, client };
}

/** Why they must be issued anew; undefined while they serve. */
export const certificatesExpire = (
  { server }: ApiCertificates,
  issuer: Issuer,
  names: NodeNames,
  now: Date,
): string | undefined =>
  renewalReason(server.certificate, {
    ...{ ...names, now },
    authority: issuer.is === "own" ? issuer.authority.certificate : issuer.certificate,
  });

export const renewAt = ({ server }: ApiCertificates): Date => renewalTime(server.certificate);

/** What a machine without a config shows: nobody vouches for it, so people compare its fingerprint. */
export async function maintenanceIdentity(now: () => Date, names: NodeNames): Promise<Identity> {
  const authority = await createAuthority({ algorithm: "ed25519", organization: ["talos"], clock: { now } });
  return authority.issue({
    ...names,
    commonName: "maintenance-service.talos.dev",
    purposes: ["serverAuth"],
    lifetimeMs: 10 * 365 * day,
  });
}
