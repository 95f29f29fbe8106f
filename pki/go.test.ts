// Go's crypto/x509 and crypto/tls are what real Talos peers use. Runs where a Go tool chain is; skipped elsewhere.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasGo } from "../workshop/has-go.ts";
import { createAuthority } from "./authority.ts";
import { parseCertificate } from "./certificate.ts";
import { createRequest, parseRequest } from "./certificate-request.ts";
import { createKeyPair, type KeyAlgorithm, readKeyPair } from "./key-pair.ts";

interface Seen {
  readonly Roles: readonly string[];
  readonly RequestNames: readonly string[];
  readonly Handshake: string;
  readonly WrongPurpose: string;
  readonly Request: string;
  readonly Type: string;
}

describe.skipIf(!hasGo)("Go", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pki-go-"));
    const source = join(import.meta.dirname, "go-judge/main.go");
    await promisify(execFile)("go", ["build", "-o", join(folder, "judge"), source]);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const ask = async (input: Record<string, string>): Promise<Seen> => {
    const judged = promisify(execFile)(join(folder, "judge"), []);
    judged.child.stdin?.end(JSON.stringify(input));
    return JSON.parse((await judged).stdout) as Seen;
  };

  test.each([
    { algorithm: "ed25519", type: "ed25519.PrivateKey" },
    { algorithm: "ecdsa-p256", type: "*ecdsa.PrivateKey" },
    { algorithm: "rsa-2048", type: "*rsa.PrivateKey" },
  ] satisfies { algorithm: KeyAlgorithm; type: string }[])(
    "and we read each other's $algorithm",
    async ({ algorithm, type }) => {
      const clock = { now: () => new Date() };
      const ca = await createAuthority({ algorithm, organization: ["talos"], clock });
      const key = await createKeyPair(algorithm);
      const client = await ca.issue({
        organization: ["os:admin", "os:reader"],
        purposes: ["clientAuth"],
        key,
      });
      const server = await ca.issue({ ipAddresses: ["10.0.0.1"], purposes: ["serverAuth"] });
      const seen = await ask({
        Algorithm: algorithm,
        Authority: ca.certificate.pem,
        Client: client.certificate.pem,
        ClientKey: client.key.pkcs8Pem,
        Server: server.certificate.pem,
        ServerKey: server.key.pkcs8Pem,
        Request: createRequest(key, { commonName: "node-1", dnsNames: ["node-1"] }).pem,
        DialectKey: key.pem,
      });
      expect(seen).toMatchObject({
        Roles: ["os:admin", "os:reader"],
        RequestNames: ["node-1"],
        Handshake: "<nil>",
        WrongPurpose: expect.stringContaining("incompatible key usage") as string,
        Type: type,
      });

      const request = parseRequest(seen.Request);
      expect([...request.subject.organization!].sort()).toEqual(["os:admin", "os:reader"]);
      expect(request).toMatchObject({ dnsNames: ["node-1"], ipAddresses: ["fd00::1"] });
      expect(
        parseCertificate(ca.sign(request, { purposes: ["serverAuth"] }).der).isSignedBy(ca.certificate),
      ).toBe(true);
      expect(readKeyPair(key.pem).publicKey.equals(key.publicKey)).toBe(true);
    },
  );
});
