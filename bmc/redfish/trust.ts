// Whether whoever answers is the BMC. Certificates of BMCs are mostly their own, so that pinning one is the usual way;
// trusting anybody has to be said.
import { createHash, timingSafeEqual } from "node:crypto";
import {
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import { RedfishError } from "./error.ts";

export type Trust =
  /** The authorities that this machine's operating system and Node trust. */
  | { readonly by: "system" }
  /** Authorities of one's own, as PEM. */
  | { readonly by: "authorities"; readonly pem: string }
  /** SHA-256 of the certificate, in hexadecimal, with or without colons. */
  | { readonly by: "fingerprint"; readonly sha256: string }
  | { readonly by: "nothing" };

/** A pin is a stronger proof than what a BMC of 2012 signs with: only there may a key be as short as theirs. */
const oldBmcs = { ciphers: "DEFAULT@SECLEVEL=0", minVersion: "TLSv1.2" } as const;

/** The same for all connections of one trust: reading some 150 authorities takes 10 ms of a processor. */
const contexts = new Map<string, SecureContext>();

/** For a connection that is always completed; `distrust` then says whether it may be used. */
export function secureContextOf(trust: Trust): SecureContext {
  const key = trust.by === "authorities" ? trust.pem : trust.by;
  const known = contexts.get(key);
  if (known) return known;
  const context = createSecureContext(contextOptionsOf(trust));
  contexts.set(key, context);
  return context;
}

function contextOptionsOf(trust: Trust): SecureContextOptions {
  switch (trust.by) {
    case "system":
      return { ca: [...new Set([...getCACertificates("default"), ...getCACertificates("system")])] };
    case "authorities":
      if (!trust.pem.includes("-----BEGIN CERTIFICATE-----"))
        throw new RedfishError({
          kind: "untrusted",
          message: "Cannot trust the authorities that were given: there is no PEM certificate among them",
        });
      return { ca: trust.pem };
    case "fingerprint":
    case "nothing":
      return oldBmcs;
  }
}

/** SHA-256 of the certificate that was presented. */
export const fingerprintOf = (socket: TLSSocket): Buffer =>
  createHash("sha256")
    .update(socket.getPeerCertificate().raw ?? "")
    .digest();

/** Why this connection must not carry a password; undefined when it may. */
export function distrust(trust: Trust, socket: TLSSocket, peer: string): RedfishError | undefined {
  const refuse = (why: string) =>
    new RedfishError({
      kind: "untrusted",
      message: `Cannot trust ${peer}: ${why}; its certificate has the SHA-256 fingerprint ${fingerprintOf(socket).toString("hex")}`,
    });
  switch (trust.by) {
    case "nothing":
      return undefined;
    case "fingerprint": {
      const wanted = pinOf(trust.sha256);
      return timingSafeEqual(wanted, fingerprintOf(socket))
        ? undefined
        : refuse("its certificate is not the pinned one");
    }
    case "system":
    case "authorities":
      return socket.authorized ? undefined : refuse(reasonOf(socket));
  }
}

/** The bytes of a fingerprint as people copy them: with colons or without, in any case, with "sha256:" before it. */
function pinOf(sha256: string): Buffer {
  const digits = sha256.replace(/^sha-?256[:=]/i, "").replaceAll(":", "");
  if (!/^[0-9a-f]{64}$/i.test(digits))
    throw new RedfishError({
      kind: "untrusted",
      message: `Cannot pin "${sha256}": a SHA-256 fingerprint has 64 hexadecimal digits`,
    });
  return Buffer.from(digits, "hex");
}

const reasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from an authority that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate comes from an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate comes from an authority that is not trusted",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

function reasonOf({ authorizationError }: TLSSocket): string {
  const code = String(authorizationError);
  return reasons[code] ?? `its certificate was refused (${code})`;
}
