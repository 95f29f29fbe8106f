import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { decode, inField } from "./asn1/codec.ts";
import { MalformedDer } from "./asn1/element.ts";
import { publicKeyFingerprint, weaknessOf } from "./key-pair.ts";
import { decodeOnePem, decodePem, encodePem } from "./pem.ts";
import { assertSameAlgorithm, isSignature } from "./x509/algorithms.ts";
import { certificateContent, signed, version3 } from "./x509/certificate-syntax.ts";
import { type KeyUsage, readExtensions } from "./x509/extensions.ts";
import type { GeneralName } from "./x509/general-names.ts";
import { type Name, readName } from "./x509/names.ts";

export const certificateLabel = "CERTIFICATE";

export interface Certificate {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly serialNumber: bigint;
  readonly subject: Name;
  readonly issuer: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isAuthority: boolean;
  /** How many authorities may stand between this one and a leaf; undefined when any number. */
  readonly pathLength: number | undefined;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly keyUsages: readonly KeyUsage[] | undefined;
  /** `serverAuth`, `clientAuth`, `any`, or the number of another purpose; undefined when nothing is said. */
  readonly purposes: readonly string[] | undefined;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly authorityKeyIdentifier: Uint8Array | undefined;
  readonly unknownCritical: readonly string[];
  /** SubjectPublicKeyInfo, in DER. */
  readonly spki: Uint8Array;
  /** Throws when the key is of a kind that we do not work with. */
  readonly publicKey: KeyObject;
  /** Lower-case hex of the SHA-256 of the certificate. */
  readonly fingerprint: string;
  /** Base64 of the SHA-256 of the public key: what `talosctl --cert-fingerprint` takes. */
  readonly publicKeyFingerprint: string;
  /** Whether `issuer`'s key made this certificate's signature. Says nothing of time, names or purposes. */
  isSignedBy(issuer: Certificate): boolean;
}

/** Reads one certificate, PEM or DER. */
export function parseCertificate(source: string | Uint8Array): Certificate {
  return typeof source === "string" ? fromBlock(decodeOnePem(source)) : fromDer(source);
}

/** Reads the certificates of a bundle, in their order. */
export function parseCertificates(pem: string): readonly Certificate[] {
  return decodePem(pem).map(fromBlock);
}

function fromBlock({ label, bytes }: { label: string; bytes: Uint8Array }): Certificate {
  if (label !== certificateLabel) {
    throw new Error(`Cannot read certificate: a PEM block labelled ${label} holds none`);
  }
  return fromDer(bytes);
}

function fromDer(der: Uint8Array): Certificate {
  try {
    return read(der);
  } catch (cause) {
    if (!(cause instanceof MalformedDer)) throw cause;
    throw new Error(`Cannot read certificate: ${cause.message}`, { cause });
  }
}

function read(der: Uint8Array): Certificate {
  const { content, algorithm, signature } = decode(signed, der);
  const fields = inField("tbsCertificate", () => decode(certificateContent, content));
  assertSameAlgorithm(fields.algorithm, algorithm);
  if (fields.version > version3) throw new MalformedDer(`version ${fields.version + 1n} is not known`);
  if (fields.extensions && fields.version < version3) throw new MalformedDer("extensions before version 3");
  const extensions = inField("extensions", () => readExtensions(fields.extensions ?? []));
  const names = extensions.subjectAltName ?? [];

  return {
    der,
    serialNumber: fields.serialNumber,
    subject: readName(fields.subject),
    issuer: readName(fields.issuer),
    ...fields.validity,
    isAuthority: extensions.basicConstraints?.isAuthority ?? false,
    pathLength: pathLength(extensions.basicConstraints?.pathLength),
    dnsNames: valuesOf(names, "dns"),
    ipAddresses: valuesOf(names, "ip"),
    keyUsages: extensions.keyUsage,
    purposes: extensions.extendedKeyUsage,
    subjectKeyIdentifier: extensions.subjectKeyIdentifier,
    authorityKeyIdentifier: extensions.authorityKeyIdentifier?.keyIdentifier,
    unknownCritical: extensions.unknownCritical,
    spki: fields.publicKey,
    get pem() {
      return encodePem({ label: certificateLabel, bytes: der });
    },
    get publicKey() {
      return publicKeyFrom(fields.publicKey);
    },
    get fingerprint() {
      return createHash("sha256").update(der).digest("hex");
    },
    get publicKeyFingerprint() {
      return publicKeyFingerprint(fields.publicKey);
    },
    isSignedBy: (issuer) => isSignature(algorithm, { bytes: content, signature, key: issuer.publicKey }),
  };
}

const pathLength = (length: bigint | undefined) => (length === undefined ? undefined : Number(length));

/** The names of one kind, as `dns` and `ip`. */
export function valuesOf(names: readonly GeneralName[], kind: "dns" | "ip"): readonly string[] {
  return names.flatMap((name) => (name.is === kind ? [name.value] : []));
}

export function publicKeyFrom(spki: Uint8Array): KeyObject {
  const key = (() => {
    try {
      return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    } catch (cause) {
      throw new Error("Cannot read public key: malformed, or of a kind not known here", { cause });
    }
  })();
  const weakness = weaknessOf(key);
  if (weakness) throw new Error(`Cannot read public key: ${weakness}`);
  return key;
}
