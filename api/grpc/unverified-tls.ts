import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { CallCredentials, ChannelCredentials } from "@grpc/grpc-js";

/**
 * TLS with a server that nobody vouches for: a machine that has no config yet. Whoever has read the fingerprint from
 * its console can demand it.
 */
export class UnverifiedTlsCredentials extends ChannelCredentials {
  readonly #fingerprints: readonly string[];

  /** Base64 of the SHA-256 of the server's public key; empty: anyone's. */
  constructor(fingerprints: readonly string[] = []) {
    super();
    this.#fingerprints = fingerprints;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(_target: unknown, _options: unknown, callCredentials?: CallCredentials) {
    return {
      connect: (socket: Socket) => this.#connect(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }

  #connect(socket: Socket): Promise<{ socket: Socket; secure: boolean }> {
    return new Promise((resolve, reject) => {
      const secured = connect(
        { socket, rejectUnauthorized: false, ALPNProtocols: ["h2"], minVersion: "TLSv1.2" },
        () => {
          const found = fingerprintOf(secured);
          if (this.#fingerprints.length === 0 || this.#fingerprints.includes(found)) {
            return resolve({ socket: secured, secure: true });
          }
          secured.destroy();
          reject(new Error(`the server's fingerprint is ${found}, which is none of those expected`));
        },
      );
      secured.on("error", reject);
    });
  }
}

function fingerprintOf(secured: TLSSocket): string {
  const spki = secured.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256")
    .update(spki ?? "")
    .digest("base64");
}
