import { openServer } from "../../../api/grpc/server.ts";
import { ServerTlsCredentials } from "../../../api/grpc/server-tls.ts";
import type { Clock } from "../../../cosi/clock.ts";
import type { Authority } from "../../../pki/authority.ts";
import { certify, type NodeNames, pemOf, renewAt } from "../api/certificates.ts";
import { securityService } from "./security-service.ts";

export interface TrustdOptions {
  /** `[::]:50001` */
  readonly address: string;
  readonly clock: Clock;
  readonly authority: () => Authority;
  readonly token: () => string;
  readonly names: () => NodeNames;
  readonly failed: (error: unknown) => void;
}

export interface Trustd extends AsyncDisposable {
  readonly port: number;
  /** Shows a certificate with the names that the node has now. */
  renew(): Promise<void>;
}

/** Gives workers their certificates. They have none yet, so it asks for none; they know the cluster's token. */
export async function openTrustd(options: TrustdOptions): Promise<Trustd> {
  const { address, clock, authority, token, names, failed } = options;
  const issue = () => certify({ is: "own", authority: authority() }, names());
  let certificates = await issue();
  const credentials = new ServerTlsCredentials({ identity: pemOf(certificates.server), clients: "none" });
  const server = await openServer({
    ...{ address, credentials },
    services: [securityService({ token, authority })],
    unexpected: failed,
  });
  let timer: Disposable | undefined;

  async function renew(): Promise<void> {
    certificates = await issue();
    credentials.replace({ identity: pemOf(certificates.server) });
    arm();
  }
  function arm(): void {
    timer?.[Symbol.dispose]();
    timer = clock.at(renewAt(certificates), () => void renew().catch(failed));
  }
  arm();

  return {
    port: server.port,
    renew,
    async [Symbol.asyncDispose]() {
      timer?.[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
