import { ServerCredentials } from "@grpc/grpc-js";
import type { Admits } from "./admission.ts";

/** A certificate (its chain, leaf first) and its key, in PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export interface ServerTls {
  readonly identity: Identity;
  /** Who signs client certificates (PEM, one or more). */
  readonly clientAuthorities?: string;
  /** `optional` verifies a certificate that is shown, and treats a bad one as none. */
  readonly clients: "none" | "optional" | "required";
  /** Asked besides of each client; any that is verified, unless told otherwise. */
  readonly admits?: Admits;
}

/** TLS for a server; `replace` changes the certificate for connections to come. */
export class ServerTlsCredentials extends ServerCredentials {
  readonly admits: Admits | undefined;

  constructor(tls: ServerTls) {
    super(
      { requestCert: tls.clients !== "none", rejectUnauthorized: tls.clients === "required" },
      contextOf(tls),
    );
    this.admits = tls.admits;
    if (tls.clients !== "none" && !tls.clientAuthorities) {
      // Node would trust every public authority instead.
      throw new Error("Cannot ask clients for certificates: no authority is given that signs them");
    }
  }

  replace(tls: Omit<ServerTls, "clients" | "admits">): void {
    this.updateSecureContextOptions(contextOf(tls));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

const contextOf = ({ identity, clientAuthorities }: Omit<ServerTls, "clients">) => ({
  cert: identity.certificate,
  key: identity.key,
  minVersion: "TLSv1.2" as const,
  ...(clientAuthorities === undefined ? {} : { ca: clientAuthorities }),
});
