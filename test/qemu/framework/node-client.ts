// A client of a node's machine API, with a certificate of its own cluster.
import { type Channel, openChannel } from "../../../api/grpc/channel.ts";
import { ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { type createSecrets, machineAuthority } from "../../../machine-config/generate/secrets.ts";

export async function connectTo(
  address: string,
  secrets: Awaited<ReturnType<typeof createSecrets>>,
  role: string,
): Promise<Channel> {
  const authority = machineAuthority(secrets, systemClock);
  const { certificate, key } = await authority.issue({ organization: [role], purposes: ["clientAuth"] });
  return openChannel({
    address,
    credentials: new ClientTlsCredentials({
      authorities: authority.certificate.pem,
      identity: { certificate: certificate.pem, key: key.pkcs8Pem },
    }),
  });
}
