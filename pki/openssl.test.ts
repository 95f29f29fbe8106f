// openssl is the independent judge: it reads what we write, and we read what it writes.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "./authority.ts";
import { parseCertificate } from "./certificate.ts";
import { createRequest, parseRequest } from "./certificate-request.ts";
import { createKeyPair, type KeyAlgorithm, readKeyPair } from "./key-pair.ts";
import { day, year } from "./lifetimes.ts";

const run = promisify(execFile);
const clock = { now: () => new Date() };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pki-openssl-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);
const put = async (name: string, text: string) => {
  await writeFile(path(name), text);
  return path(name);
};
/** What openssl says, whether on standard output or standard error; rejects when it refuses. */
const openssl = async (...args: string[]) => {
  const { stdout, stderr } = await run("openssl", args, { cwd: folder });
  return stdout + stderr;
};

const algorithms = ["ed25519", "ecdsa-p256", "rsa-2048"] as const satisfies readonly KeyAlgorithm[];

describe.each(algorithms)("an authority of %s", (algorithm) => {
  test("and its leaves are verified for their purposes, and for no others", async () => {
    const ca = await createAuthority({ algorithm, organization: ["talos"], clock });
    const crt = await put(`${algorithm}-ca.crt`, ca.certificate.pem);
    const verify = (purpose: string, name: string, ...more: string[]) =>
      openssl("verify", "-x509_strict", "-CAfile", crt, "-purpose", purpose, ...more, path(name));

    const client = await ca.issue({ organization: ["os:admin"], purposes: ["clientAuth"] });
    await put("client.crt", client.certificate.pem);
    expect(await verify("sslclient", "client.crt")).toContain("OK");
    await expect(verify("sslserver", "client.crt")).rejects.toThrow(/purpose/);

    const names = { dnsNames: ["node-1", "*.example.org"], ipAddresses: ["10.0.0.1", "fd00::1"] };
    const server = await ca.issue({ ...names, purposes: ["serverAuth"] });
    await put("server.crt", server.certificate.pem);
    expect(await verify("sslserver", "server.crt", "-verify_ip", "fd00::1")).toContain("OK");
    expect(await verify("sslserver", "server.crt", "-verify_hostname", "a.example.org")).toContain("OK");
    await expect(verify("sslserver", "server.crt", "-verify_ip", "10.0.0.2")).rejects.toThrow(
      /IP address mismatch/,
    );
    await expect(verify("sslclient", "server.crt")).rejects.toThrow(/purpose/);

    const after = String(Math.floor((Date.now() + 2 * year) / 1000));
    await expect(verify("sslserver", "server.crt", "-attime", after)).rejects.toThrow(/expired/);
    const before = String(Math.floor((Date.now() - 2 * day) / 1000));
    await expect(verify("sslserver", "server.crt", "-attime", before)).rejects.toThrow(/not yet valid/);
  });

  test("signs the requests that openssl makes", async () => {
    const type = {
      ed25519: ["ed25519"],
      "ecdsa-p256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      "rsa-2048": ["rsa:2048"],
    };
    await openssl(
      "req",
      "-new",
      "-nodes",
      "-newkey",
      ...type[algorithm],
      "-keyout",
      "their.key",
      "-out",
      "their.csr",
      "-subj",
      "/O=os:reader/CN=node-1",
      "-addext",
      "subjectAltName=DNS:node-1,IP:10.0.0.1,IP:fd00::1",
    );
    const request = parseRequest(await readFile(path("their.csr"), "utf8"));
    expect(request).toMatchObject({
      subject: { organization: ["os:reader"], commonName: "node-1" },
      dnsNames: ["node-1"],
      ipAddresses: ["10.0.0.1", "fd00::1"],
    });
    expect(readKeyPair(await readFile(path("their.key"), "utf8")).publicKey.equals(request.publicKey)).toBe(
      true,
    );

    const ca = await createAuthority({ algorithm, organization: ["talos"], clock });
    const crt = await put("signing.crt", ca.certificate.pem);
    await put("signed.crt", ca.sign(request, { dnsNames: ["node-1"], purposes: ["serverAuth"] }).pem);
    expect(
      await openssl("verify", "-x509_strict", "-CAfile", crt, "-purpose", "sslserver", path("signed.crt")),
    ).toContain("OK");
  });

  test("has requests that openssl verifies", async () => {
    const key = await createKeyPair(algorithm);
    const names = {
      organization: ["talos"],
      commonName: "Jürgen",
      dnsNames: ["node-1"],
      ipAddresses: ["fd00::1"],
    };
    await put("our.csr", createRequest(key, names).pem);
    const text = await openssl(
      "req",
      "-in",
      path("our.csr"),
      "-noout",
      "-verify",
      "-text",
      "-nameopt",
      "utf8",
    );
    expect(text).toContain("verify OK");
    expect(text).toContain("O=talos, CN=Jürgen");
    expect(text).toContain("DNS:node-1, IP Address:FD00:0:0:0:0:0:0:1");
  });

  test("has keys that openssl reads", async () => {
    const key = await createKeyPair(algorithm);
    const file = await put("our.key", key.pkcs8Pem);
    expect(await openssl("pkey", "-in", file, "-noout", "-check")).toContain("valid");
    // `openssl pkey` reads SEC1 and PKCS #1, but the label of Talos's Ed25519 keys is Talos's own.
    const dialect = await put("our-dialect.key", key.pem);
    if (algorithm === "ed25519") await expect(openssl("pkey", "-in", dialect, "-noout")).rejects.toThrow();
    else expect(await openssl("pkey", "-in", dialect, "-noout", "-check")).toContain("valid");
  });

  test("is read as openssl reads it", async () => {
    const ca = await createAuthority({ algorithm, organization: ["talos"], clock });
    const crt = await put("read.crt", ca.certificate.pem);
    const serial = await openssl("x509", "-in", crt, "-noout", "-serial");
    expect(BigInt(`0x${serial.trim().split("=")[1]}`)).toBe(ca.certificate.serialNumber);
    const fingerprint = await openssl("x509", "-in", crt, "-noout", "-fingerprint", "-sha256");
    expect(fingerprint.trim().split("=")[1]?.replaceAll(":", "").toLowerCase()).toBe(
      ca.certificate.fingerprint,
    );
    await openssl("x509", "-in", crt, "-noout", "-pubkey", "-out", path("read.pub"));
    await openssl("pkey", "-pubin", "-in", path("read.pub"), "-outform", "DER", "-out", path("read.der"));
    const digest = await openssl("dgst", "-sha256", "-hex", path("read.der"));
    expect(Buffer.from(ca.certificate.publicKeyFingerprint, "base64").toString("hex")).toBe(
      digest.trim().split("= ")[1],
    );
  });
});

test.each([
  { name: "an authority of P-384", key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], more: ["-sha384"] },
  { name: "an authority of RSA with SHA-512", key: ["rsa:2048"], more: ["-sha512"] },
  {
    name: "an authority of P-521 to the year 2060",
    key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
    more: ["-sha512", "-days", "12500"],
  },
])("$name made by openssl is read and verified", async ({ key, more }) => {
  await openssl(
    "req",
    "-x509",
    "-nodes",
    "-newkey",
    ...key,
    "-keyout",
    "x.key",
    "-out",
    "x.crt",
    ...more,
    "-subj",
    "/C=DE/O=Bücher/CN=Root",
    "-utf8",
  );
  const certificate = parseCertificate(await readFile(path("x.crt"), "utf8"));
  expect(certificate.subject).toEqual({
    organization: ["Bücher"],
    organizationalUnit: [],
    commonName: "Root",
  });
  expect(certificate.isAuthority).toBe(true);
  expect(certificate.isSignedBy(certificate)).toBe(true);
});

test("a request whose signature was made for something else is refused", async () => {
  const request = createRequest(await createKeyPair("ed25519"), { commonName: "node-1" });
  const forged = Buffer.from(request.der);
  forged[forged.indexOf("node-1")] = "m".charCodeAt(0);
  expect(() => parseRequest(forged)).toThrow("its signature is not by the key that it names");
});
