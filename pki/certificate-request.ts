import type { KeyObject } from "node:crypto";
import { decode, inField } from "./asn1/codec.ts";
import { MalformedDer } from "./asn1/element.ts";
import { publicKeyFrom, valuesOf } from "./certificate.ts";
import { type KeyPair, spkiOf } from "./key-pair.ts";
import { decodeOnePem, encodePem } from "./pem.ts";
import { subjectAltName } from "./subject-alt-name.ts";
import { isSignature, signatureAlgorithm, signBytes } from "./x509/algorithms.ts";
import { signed } from "./x509/certificate-syntax.ts";
import { rawExtensions, readExtensions, writeExtensions } from "./x509/extensions.ts";
import { type Name, rawName, readName } from "./x509/names.ts";
import { extensionRequest, requestContent } from "./x509/request-syntax.ts";

const label = "CERTIFICATE REQUEST";

/** A PKCS #10 request whose sender has shown that it holds the private key. What it asks for is only asked for. */
export interface CertificateRequest {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly subject: Name;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly publicKey: KeyObject;
}

export interface RequestedNames extends Name {
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** Asks for a certificate for `key`. */
export function createRequest(key: KeyPair, names: RequestedNames): CertificateRequest {
  const alternatives = subjectAltName(names);
  const extensions = writeExtensions({ subjectAltName: alternatives }, { isNamed: true });
  const content = requestContent.encode({
    version: 0n,
    subject: rawName(names),
    publicKey: spkiOf(key.publicKey),
    attributes: alternatives ? [{ type: extensionRequest, values: [rawExtensions.encode(extensions)] }] : [],
  });
  return parseRequest(
    signed.encode({
      content,
      algorithm: signatureAlgorithm(key.privateKey),
      signature: signBytes(content, key.privateKey),
    }),
  );
}

/** Reads a request, PEM or DER, and verifies its signature. */
export function parseRequest(source: string | Uint8Array): CertificateRequest {
  const der = typeof source === "string" ? fromPem(source) : source;
  try {
    return read(der);
  } catch (cause) {
    if (!(cause instanceof MalformedDer)) throw cause;
    throw new Error(`Cannot read certificate request: ${cause.message}`, { cause });
  }
}

function fromPem(pem: string): Uint8Array {
  const block = decodeOnePem(pem);
  // Netscape's label lives on in old tools.
  if (block.label === label || block.label === `NEW ${label}`) return block.bytes;
  throw new Error(`Cannot read certificate request: a PEM block labelled ${block.label} holds none`);
}

function read(der: Uint8Array): CertificateRequest {
  const { content, algorithm, signature } = decode(signed, der);
  const fields = inField("certificationRequestInfo", () => decode(requestContent, content));
  if (fields.version !== 0n) throw new MalformedDer(`version ${fields.version + 1n} is not known`);
  const names = requestedExtensions(fields.attributes).subjectAltName ?? [];
  const publicKey = publicKeyFrom(fields.publicKey);
  if (!isSignature(algorithm, { bytes: content, signature, key: publicKey })) {
    throw new Error("Cannot accept certificate request: its signature is not by the key that it names");
  }
  return {
    der,
    subject: readName(fields.subject),
    dnsNames: valuesOf(names, "dns"),
    ipAddresses: valuesOf(names, "ip"),
    publicKey,
    get pem() {
      return encodePem({ label, bytes: der });
    },
  };
}

function requestedExtensions(attributes: readonly { type: string; values: readonly Uint8Array[] }[]) {
  const [request, ...repeated] = attributes.filter(({ type }) => type === extensionRequest);
  if (!request) return readExtensions([]);
  return inField("extensionRequest", () => {
    const [value, ...more] = request.values;
    if (!value || more.length > 0 || repeated.length > 0)
      throw new MalformedDer("must stand once, with one value");
    return readExtensions(decode(rawExtensions, value));
  });
}
