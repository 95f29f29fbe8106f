// Who calls, by the certificate that the call came with: machines and pxe-servers bear ones of our own authority.
import { GrpcError } from "../../api/grpc/error.ts";
import type { Call } from "../../api/grpc/handlers.ts";
import type { Authority, Identity } from "../../pki/authority.ts";
import { parseCertificate } from "../../pki/certificate.ts";
import type { CertificateRequest } from "../../pki/certificate-request.ts";
import { day, year } from "../../pki/lifetimes.ts";

const organization = { machine: "ingot:machine", segment: "ingot:pxe-server" } as const;

export const machineOf = (call: Pick<Call, "peer">) => bearer(call, "machine");
export const segmentOf = (call: Pick<Call, "peer">) => bearer(call, "segment");

function bearer({ peer }: Pick<Call, "peer">, kind: keyof typeof organization): string {
  // TLS has verified it: a certificate that is not of our authority counts as none.
  if (!peer.certificate) throw new GrpcError("unauthenticated", "this call needs a client certificate");
  const { commonName, organization: roles = [] } = parseCertificate(peer.certificate).subject;
  if (commonName === undefined || !roles.includes(organization[kind])) {
    throw new GrpcError("permissionDenied", `this call is for a ${kind}, and the certificate is for another`);
  }
  return commonName;
}

/** An agent lives as long as one boot, and renews what gets old. */
export const machineCertificate = (authority: Authority, machine: string, request: CertificateRequest) =>
  authority.sign(request, {
    commonName: machine,
    organization: [organization.machine],
    purposes: ["clientAuth"],
    lifetimeMs: 30 * day,
  });

export const segmentIdentity = (authority: Authority, segment: string): Promise<Identity> =>
  authority.issue({
    commonName: segment,
    organization: [organization.segment],
    purposes: ["clientAuth"],
    lifetimeMs: year,
  });
