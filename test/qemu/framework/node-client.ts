// A client of a node's machine API: with a certificate of its own cluster, or what its operator was given.
import { type Channel, openChannel } from "../../../api/grpc/channel.ts";
import { ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import type { ClientContext } from "../../../machine-config/client-config.ts";
import { type createSecrets, machineAuthority } from "../../../machine-config/generate/secrets.ts";
import { readKeyPair } from "../../../pki/key-pair.ts";

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

/** As a talosconfig says. */
export function connectBy({ ca = "", crt = "", key = "" }: ClientContext, address: string): Channel {
  const pem = (text: string) => Buffer.from(text, "base64").toString();
  const identity = { certificate: pem(crt), key: readKeyPair(pem(key)).pkcs8Pem };
  return openChannel({
    address,
    credentials: new ClientTlsCredentials({ authorities: pem(ca), identity }),
  });
}
