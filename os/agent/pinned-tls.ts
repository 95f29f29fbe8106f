// TLS before there is anybody to trust but a fingerprint, and before the clock can be trusted: the first call alone.
import { isIP } from "node:net";
import { checkServerIdentity, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { JudgedTlsCredentials } from "../../api/grpc/judged-tls.ts";
import { type Certificate, parseCertificate } from "../../pki/certificate.ts";

export interface PinnedTls {
  /** Name or address that the server's certificate must bear. */
  readonly host: string;
  /** SHA-256 of the authority's certificate, in lower-case hex. */
  readonly authorityFingerprint: string;
}

/**
 * Trusts the server whose certificate was signed by the pinned authority, whatever its dates are: a machine may wake up
 * in 1970, and learns the time by this very call.
 */
export class PinnedTlsCredentials extends JudgedTlsCredentials {
  protected override readonly servername: string | undefined;
  readonly #pin: PinnedTls;
  /** Why the last server was not trusted: grpc-js only says that there is no connection. */
  refusal: string | undefined;

  constructor(pin: PinnedTls) {
    super();
    this.#pin = pin;
    this.servername = isIP(pin.host) ? undefined : pin.host;
  }

  protected override refusalOf(socket: TLSSocket): string | undefined {
    this.refusal = refusalOf(socket, this.#pin);
    return this.refusal === undefined ? undefined : `Cannot trust ${this.#pin.host}: ${this.refusal}`;
  }
}

/** Why the server at the other end is not to be trusted; undefined when it is. */
export function refusalOf(socket: TLSSocket, { host, authorityFingerprint }: PinnedTls): string | undefined {
  const peer = socket.getPeerCertificate(true);
  try {
    return (
      distrust(shownBy(peer), authorityFingerprint) ??
      checkServerIdentity(host, peer)?.message.replace(/\.$/, "")
    );
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The certificates of the handshake, the server's own first. */
function shownBy(peer: DetailedPeerCertificate): readonly Certificate[] {
  const shown: Certificate[] = [];
  for (let at: DetailedPeerCertificate | undefined = peer; at?.raw; at = at.issuerCertificate) {
    const certificate = parseCertificate(at.raw);
    if (shown.some(({ fingerprint }) => fingerprint === certificate.fingerprint)) break;
    shown.push(certificate);
  }
  return shown;
}

/** RFC 5280 §6.1 without time and names: from the server's certificate each is signed by the next, up to the pinned. */
export function distrust(shown: readonly Certificate[], authorityFingerprint: string): string | undefined {
  const pinned = shown.findIndex(({ fingerprint }) => fingerprint === authorityFingerprint);
  if (pinned < 0) {
    const last = shown.at(-1);
    return `it shows the authority sha256:${last?.fingerprint ?? "(none)"}, not the one this machine was told to trust (ingot.ca)`;
  }
  const path = shown.slice(0, pinned + 1);
  const [leaf] = path;
  if (leaf!.purposes && !leaf!.purposes.some((it) => it === "serverAuth" || it === "any"))
    return "its certificate is not a server's";
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[index + 1]!;
    if (!issuer.isAuthority) return "a certificate of its chain is signed by one that is no authority";
    if (!certificate.isSignedBy(issuer)) return "its certificate is not signed by the authority it shows";
  }
  return undefined;
}
