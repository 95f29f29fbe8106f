import { isIP, type Socket } from "node:net";
import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContext } from "node:tls";
import { CallCredentials, ChannelCredentials } from "@grpc/grpc-js";
import type { Identity } from "./server-tls.ts";
import { type Handshake, shakeHands } from "./shake-hands.ts";

export interface ClientTls {
  /** Who may have signed the server's certificate (PEM). A leaf given here is itself trusted. */
  readonly authorities: string;
  /** Who we are; left out where the server does not ask. */
  readonly identity?: Identity;
  /** The name or address that the server's certificate must bear, when it is not the one we dial. */
  readonly serverName?: string;
  /** How long a server that took the connection may say nothing; that of `shakeHands`, unless said. */
  readonly patienceMs?: number;
}

/**
 * TLS for a client. Not grpc-js's own: that sends the host as the TLS server name even when it is an address,
 * which Node refuses since version 26, and nodes are dialled by address.
 */
export class ClientTlsCredentials extends ChannelCredentials {
  readonly #context: SecureContext;
  readonly #serverName: string | undefined;
  readonly #handshake: Handshake;

  constructor({ authorities, identity, serverName, patienceMs }: ClientTls) {
    super();
    this.#handshake = patienceMs === undefined ? {} : { patienceMs };
    this.#serverName = serverName;
    this.#context = createSecureContext({
      ca: authorities,
      allowPartialTrustChain: true,
      minVersion: "TLSv1.2",
      ...(identity && { cert: identity.certificate, key: identity.key }),
    });
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    target: { readonly path: string },
    _options: unknown,
    callCredentials?: CallCredentials,
  ) {
    const name = this.#serverName ?? hostOf(target.path);
    return {
      connect: (socket: Socket) => this.#connect(socket, name),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }

  #connect(socket: Socket, name: string): Promise<{ socket: Socket; secure: boolean }> {
    const options = {
      secureContext: this.#context,
      checkServerIdentity: (_: string, certificate: PeerCertificate) =>
        checkServerIdentity(name, certificate),
      // RFC 6066 §3: a server name is never an address.
      ...(isIP(name) ? {} : { servername: name }),
    };
    return shakeHands(socket, options, this.#handshake);
  }
}

/** `host` of `host:port` and `[v6]:port`. */
function hostOf(address: string): string {
  const bracketed = /^\[(.+)\](?::\d+)?$/.exec(address);
  return bracketed ? bracketed[1]! : address.replace(/:\d+$/, "");
}
