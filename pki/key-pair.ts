import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { decodeOnePem, encodePem } from "./pem.ts";

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The private key as Talos writes it: PKCS #8 labelled `ED25519 PRIVATE KEY`, SEC1 for EC, PKCS #1 for RSA. */
  readonly pem: string;
  /** The private key as everyone else reads it, Node's TLS and openssl among them. */
  readonly pkcs8Pem: string;
}

const generate = promisify(generateKeyPair);

const generators = {
  ed25519: () => generate("ed25519"),
  "ecdsa-p256": () => generate("ec", { namedCurve: "prime256v1" }),
  "rsa-2048": () => generate("rsa", { modulusLength: 2048 }),
  "rsa-4096": () => generate("rsa", { modulusLength: 4096 }),
} as const;
export type KeyAlgorithm = keyof typeof generators;

export async function createKeyPair(algorithm: KeyAlgorithm): Promise<KeyPair> {
  const { privateKey } = await generators[algorithm]();
  return keyPairOf(privateKey);
}

/** Labels of PEM blocks that hold private keys, and what stands inside. */
const structures = {
  "PRIVATE KEY": "pkcs8",
  "ED25519 PRIVATE KEY": "pkcs8",
  "EC PRIVATE KEY": "sec1",
  "RSA PRIVATE KEY": "pkcs1",
} as const;

/** The kinds of key that we accept, and the label under which Talos keeps each. */
const dialects = {
  ed25519: "ED25519 PRIVATE KEY",
  ec: "EC PRIVATE KEY",
  rsa: "RSA PRIVATE KEY",
} as const;

const curves: ReadonlySet<string | undefined> = new Set(["prime256v1", "secp384r1", "secp521r1"]);

export function readKeyPair(pem: string): KeyPair {
  const { label, bytes } = decodeOnePem(pem);
  const type = structures[label as keyof typeof structures];
  if (!type) throw new Error(`Cannot read private key: a PEM block labelled ${label} holds none`);
  const key = (() => {
    try {
      return createPrivateKey({ key: Buffer.from(bytes), format: "der", type });
    } catch (cause) {
      throw new Error(`Cannot read private key: the ${label} is malformed`, { cause });
    }
  })();
  const weakness = weaknessOf(key);
  if (weakness) throw new Error(`Cannot read private key: ${weakness}`);
  return keyPairOf(key);
}

/** Why a key is not one of those we work with; undefined when it is. */
export function weaknessOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === "ed25519") return undefined;
  if (asymmetricKeyType === "ec") {
    return curves.has(namedCurve) ? undefined : `the curve ${namedCurve} is not supported`;
  }
  if (asymmetricKeyType !== "rsa") return `keys of type ${asymmetricKeyType} are not supported`;
  if (modulusLength < 2048) return `${modulusLength} bits of RSA are too few`;
  return modulusLength > 16384 ? `${modulusLength} bits of RSA are too many` : undefined;
}

function keyPairOf(privateKey: KeyObject): KeyPair {
  const label = dialects[privateKey.asymmetricKeyType as keyof typeof dialects];
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    get pem() {
      return encodePem({ label, bytes: privateKey.export({ format: "der", type: structures[label] }) });
    },
    get pkcs8Pem() {
      return encodePem({ label: "PRIVATE KEY", bytes: privateKey.export({ format: "der", type: "pkcs8" }) });
    },
  };
}

/** SubjectPublicKeyInfo, in DER. */
export const spkiOf = (publicKey: KeyObject): Uint8Array => publicKey.export({ format: "der", type: "spki" });

/** What `--cert-fingerprint` compares: base64 of the SHA-256 of the SubjectPublicKeyInfo. */
export const publicKeyFingerprint = (spki: Uint8Array): string =>
  createHash("sha256").update(spki).digest("base64");
