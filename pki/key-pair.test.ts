import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createKeyPair, type KeyAlgorithm, readKeyPair } from "./key-pair.ts";
import { encodePem } from "./pem.ts";

describe.each([
  { algorithm: "ed25519", label: "ED25519 PRIVATE KEY" },
  { algorithm: "ecdsa-p256", label: "EC PRIVATE KEY" },
  { algorithm: "rsa-2048", label: "RSA PRIVATE KEY" },
] satisfies { algorithm: KeyAlgorithm; label: string }[])("a key of $algorithm", ({ algorithm, label }) => {
  test("is written as Talos writes it, and read back", async () => {
    const key = await createKeyPair(algorithm);
    expect(key.pem.split("\n")[0]).toBe(`-----BEGIN ${label}-----`);
    expect(readKeyPair(key.pem).privateKey.equals(key.privateKey)).toBe(true);
  });

  test("is written as PKCS #8, and read back", async () => {
    const key = await createKeyPair(algorithm);
    expect(key.pkcs8Pem.split("\n")[0]).toBe("-----BEGIN PRIVATE KEY-----");
    expect(readKeyPair(key.pkcs8Pem).publicKey.equals(key.publicKey)).toBe(true);
  });
});

const pkcs8 = ({ privateKey }: { privateKey: KeyObject }) =>
  privateKey.export({ format: "pem", type: "pkcs8" });

test.each([
  {
    name: "RSA of 1024 bits",
    pem: () => pkcs8(generateKeyPairSync("rsa", { modulusLength: 1024 })),
    why: "too few",
  },
  {
    name: "a foreign curve",
    pem: () => pkcs8(generateKeyPairSync("ec", { namedCurve: "secp256k1" })),
    why: "secp256k1",
  },
  { name: "a key that signs nothing", pem: () => pkcs8(generateKeyPairSync("x25519")), why: "x25519" },
  {
    name: "a certificate",
    pem: () => encodePem({ label: "CERTIFICATE", bytes: Buffer.from("x") }),
    why: "holds none",
  },
  {
    name: "noise",
    pem: () => encodePem({ label: "EC PRIVATE KEY", bytes: Buffer.from("x") }),
    why: "malformed",
  },
])("$name is refused", ({ pem, why }) => {
  expect(() => readKeyPair(pem())).toThrow(why);
});
