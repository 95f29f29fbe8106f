import type { KeyObject } from "node:crypto";
import { randomBytes } from "node:crypto";
import { decode } from "./asn1/codec.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import type { CertificateRequest, RequestedNames } from "./certificate-request.ts";
import { createKeyPair, type KeyAlgorithm, type KeyPair, readKeyPair, spkiOf } from "./key-pair.ts";
import { day, year } from "./lifetimes.ts";
import { subjectAltName } from "./subject-alt-name.ts";
import { keyIdentifier, signatureAlgorithm, signBytes } from "./x509/algorithms.ts";
import { certificateContent, signed, version3 } from "./x509/certificate-syntax.ts";
import { type Extensions, type KeyUsage, type Purpose, writeExtensions } from "./x509/extensions.ts";
import { rawName } from "./x509/names.ts";

export interface Clock {
  now(): Date;
}

interface Validity {
  /** From now to the last moment of the certificate. */
  readonly lifetimeMs?: number;
  /**
   * How long before now the certificate begins to hold. A day, unless told: a machine's clock may be wrong at its first
   * boot, and must accept what we issue all the same.
   */
  readonly backdateMs?: number;
}

export interface AuthorityRequest extends RequestedNames, Validity {
  readonly algorithm: KeyAlgorithm;
  readonly clock: Clock;
}

/** Everything a certificate says. What is left out is not said. */
export interface Grant extends RequestedNames, Validity {
  readonly purposes: readonly [Purpose, ...Purpose[]];
}

/** A certificate and the key that proves it. */
export interface Identity {
  readonly certificate: Certificate;
  readonly key: KeyPair;
}

export interface Authority extends Identity {
  /** Makes a key (or takes the one given) and a certificate for it. A new key is of the authority's own kind, RSA excepted. */
  issue(grant: Grant & { readonly key?: KeyPair }): Promise<Identity>;
  /** A certificate for the requester's key. Only the key comes from the request; every name is the grant's. */
  sign(request: Pick<CertificateRequest, "publicKey">, grant: Grant): Certificate;
}

/** A new authority, its own root. */
export async function createAuthority(request: AuthorityRequest): Promise<Authority> {
  const key = await createKeyPair(request.algorithm);
  const { clock, lifetimeMs = 10 * year, backdateMs = day } = request;
  const name = rawName(request);
  const identifier = keyIdentifier(spkiOf(key.publicKey));
  const certificate = makeCertificate({
    issuer: name,
    signer: key.privateKey,
    subject: name,
    publicKey: key.publicKey,
    validity: validity(clock.now(), { lifetimeMs, backdateMs }),
    extensions: {
      subjectKeyIdentifier: identifier,
      authorityKeyIdentifier: authorityKey(identifier),
      keyUsage: ["digitalSignature", "certSign", "crlSign"],
      extendedKeyUsage: ["serverAuth", "clientAuth"],
      basicConstraints: { isAuthority: true, pathLength: undefined },
      subjectAltName: subjectAltName(request),
    },
  });
  return authorityOf({ certificate, key }, clock);
}

/** An authority that exists already. Refuses a certificate that is no authority's, or a key that is not its own. */
export function openAuthority({ crt, key, clock }: { crt: string; key: string; clock: Clock }): Authority {
  const identity = { certificate: parseCertificate(crt), key: readKeyPair(key) };
  if (!identity.certificate.isAuthority) {
    throw new Error("Cannot open authority: its certificate is not an authority's");
  }
  if (!identity.key.publicKey.equals(identity.certificate.publicKey)) {
    throw new Error("Cannot open authority: the key does not belong to the certificate");
  }
  return authorityOf(identity, clock);
}

function authorityOf({ certificate, key }: Identity, clock: Clock): Authority {
  // The issuer's name is copied octet for octet: verifiers compare it so.
  const issuer = decode(certificateContent, decode(signed, certificate.der).content).subject;
  const { subjectKeyIdentifier } = certificate;

  const certify = (publicKey: KeyObject, grant: Grant): Certificate => {
    const { lifetimeMs = year, backdateMs = day } = grant;
    const subject = rawName(grant);
    const { notBefore, notAfter } = validity(clock.now(), { lifetimeMs, backdateMs });
    return makeCertificate({
      issuer,
      signer: key.privateKey,
      subject,
      publicKey,
      // No leaf outlives its authority, so that its own dates say when it must be renewed.
      validity: { notBefore, notAfter: earlier(notAfter, certificate.notAfter) },
      extensions: {
        subjectKeyIdentifier: keyIdentifier(spkiOf(publicKey)),
        authorityKeyIdentifier: subjectKeyIdentifier && authorityKey(subjectKeyIdentifier),
        keyUsage: leafUsages(publicKey),
        extendedKeyUsage: grant.purposes,
        basicConstraints: { isAuthority: false, pathLength: undefined },
        subjectAltName: subjectAltName(grant),
      },
    });
  };

  return {
    certificate,
    key,
    issue: async (grant) => {
      const leafKey = grant.key ?? (await createKeyPair(leafAlgorithm(key)));
      return { certificate: certify(leafKey.publicKey, grant), key: leafKey };
    },
    sign: ({ publicKey }, grant) => certify(publicKey, grant),
  };
}

const leafAlgorithm = ({ publicKey }: KeyPair): KeyAlgorithm =>
  publicKey.asymmetricKeyType === "ed25519" ? "ed25519" : "ecdsa-p256";

/** RSA keys also carry TLS 1.2's key exchange. */
const leafUsages = ({ asymmetricKeyType }: KeyObject): readonly KeyUsage[] =>
  asymmetricKeyType === "rsa" ? ["digitalSignature", "keyEncipherment"] : ["digitalSignature"];

const authorityKey = (keyIdentifier: Uint8Array) => ({
  keyIdentifier,
  issuer: undefined,
  serialNumber: undefined,
});

function makeCertificate({
  issuer,
  signer,
  subject,
  publicKey,
  validity,
  extensions,
}: {
  issuer: ReturnType<typeof rawName>;
  signer: KeyObject;
  subject: ReturnType<typeof rawName>;
  publicKey: KeyObject;
  validity: { notBefore: Date; notAfter: Date };
  extensions: Extensions;
}): Certificate {
  const algorithm = signatureAlgorithm(signer);
  const content = certificateContent.encode({
    version: version3,
    serialNumber: serialNumber(),
    algorithm,
    issuer,
    validity,
    subject,
    publicKey: spkiOf(publicKey),
    issuerUniqueId: undefined,
    subjectUniqueId: undefined,
    extensions: writeExtensions(extensions, { isNamed: subject.length > 0 }),
  });
  return parseCertificate(signed.encode({ content, algorithm, signature: signBytes(content, signer) }));
}

/** RFC 5280 §4.1.2.2: positive, unique to the authority. 126 random bits below a fixed one, so 16 octets always. */
const serialNumber = () => BigInt.asUintN(126, BigInt(`0x${randomBytes(16).toString("hex")}`)) | (1n << 126n);

function validity(now: Date, { lifetimeMs, backdateMs }: { lifetimeMs: number; backdateMs: number }) {
  return { notBefore: new Date(now.getTime() - backdateMs), notAfter: new Date(now.getTime() + lifetimeMs) };
}

const earlier = (a: Date, b: Date) => (a < b ? a : b);
