import { createHash, type KeyObject, sign, verify } from "node:crypto";
import { decode, type ValueOf } from "../asn1/codec.ts";
import { optional, sequence } from "../asn1/constructed.ts";
import { MalformedDer } from "../asn1/element.ts";
import { any, bitString, nothing, oid } from "../asn1/primitives.ts";

/** RFC 5280 §4.1.1.2 */
export const algorithmIdentifier = sequence({ algorithm: oid, parameters: optional(any) });
export type AlgorithmIdentifier = ValueOf<typeof algorithmIdentifier>;

const noParameters = undefined;
/** RFC 4055 §5: RSA's parameters are there, and null. */
const nullParameters = nothing.encode(null);

/** RFC 8410, RFC 5758 §3.2, RFC 4055 §5. The first row of a key's kind that fits it is what it signs with. */
const table = [
  { algorithm: "1.3.101.112", key: "ed25519", curve: undefined, digest: null, parameters: noParameters },
  {
    algorithm: "1.2.840.10045.4.3.2",
    key: "ec",
    curve: "prime256v1",
    digest: "sha256",
    parameters: noParameters,
  },
  {
    algorithm: "1.2.840.10045.4.3.3",
    key: "ec",
    curve: "secp384r1",
    digest: "sha384",
    parameters: noParameters,
  },
  {
    algorithm: "1.2.840.10045.4.3.4",
    key: "ec",
    curve: "secp521r1",
    digest: "sha512",
    parameters: noParameters,
  },
  {
    algorithm: "1.2.840.113549.1.1.11",
    key: "rsa",
    curve: undefined,
    digest: "sha256",
    parameters: nullParameters,
  },
  {
    algorithm: "1.2.840.113549.1.1.12",
    key: "rsa",
    curve: undefined,
    digest: "sha384",
    parameters: nullParameters,
  },
  {
    algorithm: "1.2.840.113549.1.1.13",
    key: "rsa",
    curve: undefined,
    digest: "sha512",
    parameters: nullParameters,
  },
] as const;

const sameParameters = (a: Uint8Array | undefined, b: Uint8Array | undefined) =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;

/** What `key` signs with. */
export function signatureAlgorithm(key: KeyObject): AlgorithmIdentifier {
  const { algorithm, parameters } = rowOf(key);
  return { algorithm, parameters };
}

export function signBytes(bytes: Uint8Array, key: KeyObject): Uint8Array {
  return sign(rowOf(key).digest, bytes, key);
}

function rowOf(key: KeyObject) {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const row = table.find((row) => row.key === key.asymmetricKeyType && row.curve === curve);
  if (!row)
    throw new Error(`Cannot sign with a key of type ${key.asymmetricKeyType ?? key.type}: no algorithm`);
  return row;
}

/** Whether `key` made the signature. False, too, when the algorithm is not one of ours or not one of the key's. */
export function isSignature(
  { algorithm, parameters }: AlgorithmIdentifier,
  { bytes, signature, key }: { bytes: Uint8Array; signature: Uint8Array; key: KeyObject },
): boolean {
  const row = table.find((row) => row.algorithm === algorithm);
  if (!row || row.key !== key.asymmetricKeyType || !sameParameters(parameters, row.parameters)) return false;
  return verify(row.digest, bytes, key, signature);
}

/** RFC 5280 §4.1.1.2: the algorithm stands twice in a certificate, and must be the same. */
export function assertSameAlgorithm(a: AlgorithmIdentifier, b: AlgorithmIdentifier): void {
  if (a.algorithm !== b.algorithm || !sameParameters(a.parameters, b.parameters)) {
    throw new MalformedDer("names two signature algorithms");
  }
}

/** RFC 5280 §4.1.2.7 */
const subjectPublicKeyInfo = sequence({ algorithm: algorithmIdentifier, subjectPublicKey: bitString });

/** RFC 7093 §2 method 1: the leftmost 160 bits of the SHA-256 of the key's bits. */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  const { subjectPublicKey } = decode(subjectPublicKeyInfo, spki);
  return createHash("sha256").update(subjectPublicKey).digest().subarray(0, 20);
}
