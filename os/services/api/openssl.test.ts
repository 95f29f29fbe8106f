// openssl at our door: what it makes of the certificate that we show, and what becomes of the one that it shows.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../cosi/system-clock.ts";
import { machineAuthority } from "../../../machine-config/generate/secrets.ts";
import { type Authority, createAuthority, type Grant } from "../../../pki/authority.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "./practice-node.ts";

/** The head of an empty SETTINGS frame (RFC 9113 §6.5): the server's first words to whom it lets in. */
const settings = "\0\0\0\x04\0";
const hour = 60 * 60 * 1000;
let folder: string;
let node: PracticeNode;
let authority: Authority;
let stranger: Authority;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-openssl-"));
  const { secrets, controlPlane: config } = await practiceCluster();
  authority = machineAuthority(secrets, systemClock);
  stranger = await createAuthority({ algorithm: "ed25519", clock: systemClock });
  node = await openPracticeNode({ config });
  writeFileSync(join(folder, "ca.pem"), authority.certificate.pem);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** What `openssl s_client` tells of a connection with that certificate; it asks for HTTP/2 settings and waits for ours. */
async function shakeHands(issuer: Authority, grant: Partial<Grant>, ...words: string[]): Promise<string> {
  const purposes = ["clientAuth"] as const;
  const { certificate, key } = await issuer.issue({ organization: ["os:admin"], purposes, ...grant });
  const [crt, keyFile] = [join(folder, "crt.pem"), join(folder, "key.pem")];
  writeFileSync(crt, certificate.pem);
  writeFileSync(keyFile, key.pkcs8Pem);
  const given = ["-cert", crt, "-key", keyFile, "-CAfile", join(folder, "ca.pem"), "-verify_ip", "127.0.0.1"];
  const args = [
    "s_client",
    "-connect",
    node.address,
    "-alpn",
    "h2",
    "-verify_return_error",
    ...given,
    ...words,
  ];
  return new Promise((resolve) => {
    const child = execFile("openssl", args, { encoding: "latin1" }, (_, out, error) => resolve(out + error));
    let out = "";
    child.stdout!.on("data", (chunk: string) => {
      out += chunk;
      if (out.includes(settings)) child.stdin!.end();
    });
  });
}

test.each(["-tls1_2", "-tls1_3"])(
  "openssl accepts our certificate, and is let in with a good one (%s)",
  async (version) => {
    const said = await shakeHands(authority, {}, version);
    expect(said).toContain("Verify return code: 0 (ok)");
    expect(said).toContain("ALPN protocol: h2");
    expect(said).toContain(settings);
  },
);

test.each<[string, () => Authority, Partial<Grant>]>([
  ["that has expired", () => authority, { lifetimeMs: -hour }],
  ["of another authority", () => stranger, {}],
  ["that is a server's", () => authority, { purposes: ["serverAuth"] }],
  ["that is a server's besides", () => authority, { purposes: ["clientAuth", "serverAuth"] }],
])("a client with a certificate %s hears nothing", async (_, issuer, grant) => {
  const said = await shakeHands(issuer(), grant);
  expect(said).toContain("Verification: OK");
  expect(said).not.toContain(settings);
});
