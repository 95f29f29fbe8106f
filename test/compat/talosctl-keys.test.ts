// Authorities and certificates that our talosctl makes by hand: openssl trusts them, and upstream's talosctl takes them.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { upstreamTalosctl, upstreamTitle } from "./upstream-talosctl.ts";

const program = join(import.meta.dirname, "../../talosctl/main.ts");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-keys-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const within = (command: string, words: readonly string[]) => {
  const { status, stderr, stdout } = spawnSync(command, words, { cwd: folder, encoding: "utf8" });
  return { code: status, error: stderr, out: stdout };
};
const ours = (line: string) => within(process.execPath, [program, ...line.split(" ")]);
const openssl = (line: string) => execFileSync("openssl", line.split(" "), { cwd: folder, encoding: "utf8" });
const mode = (file: string) => statSync(join(folder, file)).mode & 0o777;
const done = { code: 0, error: "", out: "" };

describe("by our talosctl", () => {
  test("an authority signs what was asked of it, and openssl trusts it", () => {
    expect(ours("gen ca --organization talos --hours 48")).toEqual(done);
    expect(ours("gen key --name admin")).toEqual(done);
    expect(ours("gen csr --key admin.key --ip 10.0.0.9 --roles os:reader,os:operator")).toEqual(done);
    expect(ours("gen crt --ca talos --csr admin.csr --name admin --hours 12")).toEqual(done);
    expect(openssl("verify -purpose sslclient -CAfile talos.crt admin.crt")).toBe("admin.crt: OK\n");
    expect(openssl("x509 -in admin.crt -noout -subject -ext subjectAltName,extendedKeyUsage")).toMatch(
      /subject=O ?= ?os:reader, ?O ?= ?os:operator\n[^]*TLS Web Client Authentication[^]*IP Address:10\.0\.0\.9/,
    );
    const files = ["talos.crt", "talos.key", "talos.sha256", "admin.key", "admin.csr", "admin.crt"];
    expect(files.map(mode)).toEqual(files.map(() => 0o600));
    expect(readFileSync(join(folder, "admin.key"), "utf8")).toMatch(/^-----BEGIN ED25519 PRIVATE KEY-----/);
    const spki = openssl("x509 -in talos.crt -noout -pubkey");
    const der = execFileSync("openssl", ["pkey", "-pubin", "-outform", "DER"], { input: spki });
    const digest = execFileSync("openssl", ["sha256", "-r"], { input: der, encoding: "utf8" }).split(" ")[0];
    expect(readFileSync(join(folder, "talos.sha256"), "utf8")).toBe(`sha256:${digest}`);
  });

  test("a key pair of its own has the address that it is for", () => {
    expect(ours("gen keypair --organization pair --ip 10.0.0.7")).toEqual(done);
    expect(openssl("x509 -in pair.crt -noout -ext subjectAltName")).toMatch(/IP Address:10\.0\.0\.7/);
    expect(openssl("verify -CAfile pair.crt pair.crt")).toBe("pair.crt: OK\n");
  });

  test("an authority may be of RSA", () => {
    expect(ours("gen ca --organization rsa --rsa")).toEqual(done);
    expect(openssl("x509 -in rsa.crt -noout -text")).toMatch(/Public-Key: \(4096 bit\)/);
  });

  test.each([
    ["gen ca --organization talos", /file "talos\.crt" already exists, use --force to overwrite/],
    ["gen key --name admin", /file "admin\.key" already exists/],
    ["gen csr --key admin.key --ip here", /invalid IP: here/],
    ["gen csr --key admin.key --ip 10.0.0.9 --roles os:god", /unknown roles: os:god/],
    ["gen ca", /required option '--organization <name>'/],
  ])("%s is refused", (line, error) => {
    const outcome = ours(line);
    expect(outcome.code).toBe(1);
    expect(outcome.error).toMatch(error);
  });

  test("--force replaces what is there", () => {
    const before = readFileSync(join(folder, "pair.key"), "utf8");
    expect(ours("gen keypair --organization pair -f")).toEqual(done);
    expect(readFileSync(join(folder, "pair.key"), "utf8")).not.toBe(before);
  });
});

describe.skipIf(!upstreamTalosctl)(upstreamTitle, () => {
  const theirs = (line: string) => within(upstreamTalosctl!, line.split(" "));

  test("signs with our authority what it is asked in our request", () => {
    expect(theirs("gen crt --ca talos --csr admin.csr --name theirs")).toMatchObject({ code: 0 });
    expect(openssl("verify -CAfile talos.crt theirs.crt")).toBe("theirs.crt: OK\n");
  });

  test("has its authority and its request taken by ours", () => {
    for (const line of [
      "gen ca --organization up",
      "gen key --name up-key",
      "gen csr --key up-key.key --ip 10.0.0.9",
    ])
      expect(theirs(line)).toMatchObject({ code: 0 });
    expect(ours("gen crt --ca up --csr up-key.csr --name up-key")).toEqual(done);
    expect(openssl("verify -CAfile up.crt up-key.crt")).toBe("up-key.crt: OK\n");
  });
});
