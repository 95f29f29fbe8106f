import { Metadata } from "@grpc/grpc-js";
import { SecurityService } from "../../../api/gen/security/security_pb.js";
import { openChannel } from "../../../api/grpc/channel.ts";
import { client } from "../../../api/grpc/client.ts";
import { ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import type { Identity } from "../../../pki/authority.ts";
import { parseCertificate } from "../../../pki/certificate.ts";
import { createRequest } from "../../../pki/certificate-request.ts";
import { createKeyPair } from "../../../pki/key-pair.ts";
import type { NodeNames } from "../api/certificates.ts";

export interface CertificateNeed {
  /** Where a control plane gives out certificates: `host:50001`. */
  readonly address: string;
  readonly token: string;
  /** Who must have signed the control plane's own certificate (PEM). */
  readonly authorities: string;
  readonly names: NodeNames;
}

/** A worker's certificate, for a key that never leaves it. */
export async function requestCertificate(need: CertificateNeed): Promise<Identity> {
  const key = await createKeyPair("ed25519");
  const request = createRequest(key, { ...need.names });
  using channel = openChannel({
    address: need.address,
    credentials: new ClientTlsCredentials({ authorities: need.authorities }),
  });
  const metadata = new Metadata();
  metadata.set("token", need.token);
  const csr = Buffer.from(request.pem);
  const { crt } = await client(SecurityService, channel).certificate({ csr }, { metadata });
  return { certificate: parseCertificate(Buffer.from(crt).toString()), key };
}
