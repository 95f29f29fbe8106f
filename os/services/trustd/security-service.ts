import { createHash, timingSafeEqual } from "node:crypto";
import { SecurityService } from "../../../api/gen/security/security_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import { type ServedService, serve } from "../../../api/grpc/serve.ts";
import type { Authority } from "../../../pki/authority.ts";
import { type CertificateRequest, parseRequest } from "../../../pki/certificate-request.ts";
import { day } from "../../../pki/lifetimes.ts";

export interface SecurityDependencies {
  /** What machines of this cluster know, and nobody else. */
  readonly token: () => string;
  readonly authority: () => Authority;
}

/** `securityapi.SecurityService`: gives workers the certificates of their APIs, for the token of the cluster. */
export const securityService = ({ token, authority }: SecurityDependencies): ServedService =>
  serve(SecurityService, {
    certificate({ csr }, { metadata }) {
      if (!isSame(String(metadata.get("token")[0] ?? ""), token())) {
        throw new GrpcError("unauthenticated", "invalid token");
      }
      const request = read(csr);
      const issuer = authority();
      // Only the names are taken over. An organization would be a role, and this is for a server.
      const { dnsNames, ipAddresses, subject } = request;
      const crt = issuer.sign(request, {
        ...{ dnsNames, ipAddresses, commonName: subject.commonName },
        purposes: ["serverAuth"],
        lifetimeMs: day,
      });
      return Promise.resolve({ ca: Buffer.from(issuer.certificate.pem), crt: Buffer.from(crt.pem) });
    },
  });

/** In a time that tells nothing of where they differ. */
const isSame = (given: string, token: string) =>
  token !== "" && timingSafeEqual(digest(given), digest(token));

const digest = (text: string) => createHash("sha256").update(text).digest();

function read(csr: Uint8Array): CertificateRequest {
  try {
    return parseRequest(Buffer.from(csr).toString());
  } catch (cause) {
    throw new GrpcError("invalidArgument", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
