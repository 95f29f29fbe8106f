// Hostile certificates, requests, keys and PEM: each is read, or refused with a sentence of ours; what is read is
// written back to the same bytes.
import { mutated } from "../workshop/mutate.ts";
import { decode } from "./asn1/codec.ts";
import { createAuthority } from "./authority.ts";
import { parseCertificate } from "./certificate.ts";
import { createRequest, parseRequest } from "./certificate-request.ts";
import { createKeyPair, type KeyAlgorithm, readKeyPair } from "./key-pair.ts";
import { decodePem, encodePem } from "./pem.ts";
import { algorithmIdentifier } from "./x509/algorithms.ts";
import { certificateContent, signed } from "./x509/certificate-syntax.ts";
import { rawExtensions } from "./x509/extensions.ts";

const expected = /^Cannot (read|accept) /;

/** Runs `read`; a refusal in our own words is as good as a value. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && expected.test(error.message)) return undefined;
    throw error;
  }
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

function writesBack(der: Uint8Array): boolean {
  const outer = decode(signed, der);
  const inner = decode(certificateContent, outer.content);
  const extensions = inner.extensions ?? [];
  return (
    same(signed.encode(outer), der) &&
    same(certificateContent.encode(inner), outer.content) &&
    same(algorithmIdentifier.encode(outer.algorithm), algorithmIdentifier.encode(inner.algorithm)) &&
    same(
      decode(rawExtensions, rawExtensions.encode(extensions)).at(-1)?.value ?? der,
      extensions.at(-1)?.value ?? der,
    )
  );
}

export async function fuzz({ runs, seed, log }: { runs: number; seed: number; log: (line: string) => void }) {
  const algorithms: readonly KeyAlgorithm[] = ["ed25519", "ecdsa-p256", "rsa-2048"];
  const seeds = await Promise.all(algorithms.map(seedsOf));
  const certificates = seeds.flatMap(({ certificates }) => certificates);
  const requests = seeds.map(({ request }) => request);
  const texts = seeds.flatMap(({ texts }) => texts.map((text) => Buffer.from(text)));
  const keys = seeds.flatMap(({ texts }) => texts.flatMap(decodePem).map(({ bytes }) => bytes));
  const count = { certificates: 0, requests: 0, keys: 0 };

  const share = (part: number) => Math.ceil((runs * part) / 10);
  for (const der of mutated(certificates, { runs: share(6), seed })) {
    const certificate = attempt(() => parseCertificate(der));
    if (!certificate) continue;
    count.certificates += 1;
    if (!writesBack(der)) throw new Error(`not written back: ${Buffer.from(der).toString("hex")}`);
  }
  for (const der of mutated(requests, { runs: share(2), seed })) {
    if (attempt(() => parseRequest(der))) count.requests += 1;
  }
  for (const text of mutated(texts, { runs: share(1), seed })) {
    const pem = Buffer.from(text).toString();
    attempt(() => decodePem(pem).map(encodePem));
    if (attempt(() => readKeyPair(pem))) count.keys += 1;
  }
  for (const bytes of mutated(keys, { runs: share(1), seed })) {
    for (const label of ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"]) {
      if (attempt(() => readKeyPair(encodePem({ label, bytes })))) count.keys += 1;
    }
  }
  log(`read: ${count.certificates} certificates, ${count.requests} requests, ${count.keys} keys`);
}

async function seedsOf(algorithm: KeyAlgorithm) {
  const clock = { now: () => new Date("2026-08-01T00:00:00Z") };
  const ca = await createAuthority({ algorithm, organization: ["talos"], clock, lifetimeMs: 1e12 });
  const key = await createKeyPair(algorithm);
  const names = {
    commonName: "Jürgen",
    dnsNames: ["node-1", "*.example"],
    ipAddresses: ["10.0.0.1", "fd00::1"],
  };
  const leaf = await ca.issue({
    ...names,
    organization: ["os:admin"],
    purposes: ["clientAuth", "serverAuth"],
    key,
  });
  return {
    certificates: [ca.certificate.der, leaf.certificate.der],
    request: createRequest(key, names).der,
    texts: [key.pem, key.pkcs8Pem],
  };
}
