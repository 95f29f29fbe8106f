// How a boot token becomes a client certificate. The key is made here, and is never anywhere but in memory.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  AgentService,
  type EnrollResponse,
  type IdentitySchema,
} from "../../api/gen/ingot/agent/v1/agent_pb.js";
import { openChannel } from "../../api/grpc/channel.ts";
import { client } from "../../api/grpc/client.ts";
import { ClientTlsCredentials } from "../../api/grpc/client-tls.ts";
import { type Certificate, parseCertificate } from "../../pki/certificate.ts";
import { createRequest } from "../../pki/certificate-request.ts";
import type { KeyPair } from "../../pki/key-pair.ts";
import type { AgentArguments } from "./agent-arguments.ts";
import { PinnedTlsCredentials } from "./pinned-tls.ts";

export type Identity = MessageInitShape<typeof IdentitySchema>;

/** What lets this machine attach. */
export interface Membership {
  readonly key: KeyPair;
  /** Leaf first. */
  readonly chain: readonly Certificate[];
  readonly authorities: readonly Certificate[];
  /** The provisioner's clock at the time it answered. */
  readonly now: Date | undefined;
}

/** The provisioner answers, and it is not the one that the kernel arguments meant. */
export class DistrustError extends Error {
  override readonly name = "DistrustError";
}

interface Applicant {
  readonly arguments: AgentArguments;
  readonly key: KeyPair;
  readonly identity: Identity;
  readonly signal: AbortSignal;
}

/** With the boot token, over a connection that is trusted for its fingerprint. */
export async function enrol({ arguments: args, key, identity, signal }: Applicant): Promise<Membership> {
  const credentials = new PinnedTlsCredentials(args);
  using channel = openChannel({ address: addressOf(args), credentials });
  try {
    const csr = createRequest(key, {}).der;
    const answer = await client(AgentService, channel).enroll(
      { bootToken: args.bootToken, csr, identity },
      { signal },
    );
    return membership(key, answer);
  } catch (cause) {
    if (credentials.refusal !== undefined) throw new DistrustError(credentials.refusal, { cause });
    throw cause;
  }
}

/** With the certificate that is about to expire; the key is another each time. */
export async function renew({
  arguments: args,
  key,
  identity,
  signal,
  membership: present,
}: Applicant & { readonly membership: Membership }): Promise<Membership> {
  using channel = openChannel({ address: addressOf(args), credentials: memberTls(present) });
  const csr = createRequest(key, {}).der;
  return membership(key, await client(AgentService, channel).enroll({ csr, identity }, { signal }));
}

export const addressOf = ({ host, port }: AgentArguments): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

export const memberTls = ({ key, chain, authorities }: Membership): ClientTlsCredentials =>
  new ClientTlsCredentials({
    authorities: authorities.map(({ pem }) => pem).join(""),
    identity: { certificate: chain.map(({ pem }) => pem).join(""), key: key.pkcs8Pem },
  });

function membership(key: KeyPair, { certificateChain, authorities, now }: EnrollResponse): Membership {
  const chain = certificateChain.map((der) => parseCertificate(der));
  if (!chain[0]?.publicKey.equals(key.publicKey))
    throw new Error("Cannot enrol: the provisioner's certificate is not for this machine's key");
  if (authorities.length === 0) throw new Error("Cannot enrol: the provisioner named no authority");
  return {
    key,
    chain,
    authorities: authorities.map((der) => parseCertificate(der)),
    now: now && timestampDate(now),
  };
}
