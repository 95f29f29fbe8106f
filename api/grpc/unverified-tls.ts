import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { JudgedTlsCredentials } from "./judged-tls.ts";

/**
 * TLS with a server that nobody vouches for: a machine that has no config yet. Whoever has read the fingerprint from
 * its console can demand it.
 */
export class UnverifiedTlsCredentials extends JudgedTlsCredentials {
  readonly #fingerprints: readonly string[];

  /** Base64 of the SHA-256 of the server's public key; empty: anyone's. */
  constructor(fingerprints: readonly string[] = []) {
    super();
    this.#fingerprints = fingerprints;
  }

  protected override refusalOf(socket: TLSSocket): string | undefined {
    const found = fingerprintOf(socket);
    if (this.#fingerprints.length === 0 || this.#fingerprints.includes(found)) return undefined;
    return `the server's fingerprint is ${found}, which is none of those expected`;
  }
}

function fingerprintOf(secured: TLSSocket): string {
  const spki = secured.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256")
    .update(spki ?? "")
    .digest("base64");
}
