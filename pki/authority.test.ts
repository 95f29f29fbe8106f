import { X509Certificate } from "node:crypto";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Authority, createAuthority, openAuthority } from "./authority.ts";
import { parseCertificate, parseCertificates } from "./certificate.ts";
import { createRequest } from "./certificate-request.ts";
import { createKeyPair, type KeyAlgorithm } from "./key-pair.ts";
import { day, hour, year } from "./lifetimes.ts";
import { role } from "./roles.ts";

const now = new Date("2026-08-01T12:00:00Z");
const clock = { now: () => now };
const later = (ms: number) => new Date(now.getTime() + ms);

let ca: Authority;
beforeAll(async () => {
  ca = await createAuthority({ algorithm: "ed25519", organization: ["talos"], clock });
});

test("an authority is its own root, for ten years", () => {
  expect(ca.certificate).toMatchObject({
    subject: { organization: ["talos"], commonName: undefined },
    issuer: { organization: ["talos"] },
    isAuthority: true,
    keyUsages: ["digitalSignature", "certSign", "crlSign"],
    purposes: ["serverAuth", "clientAuth"],
    notBefore: later(-day),
    notAfter: later(10 * year),
    subjectKeyIdentifier: ca.certificate.authorityKeyIdentifier,
  });
  expect(ca.certificate.isSignedBy(ca.certificate)).toBe(true);
});

test("an authority may have no name at all", async () => {
  const aggregator = await createAuthority({ algorithm: "ecdsa-p256", clock });
  const { certificate } = await aggregator.issue({
    commonName: "front-proxy-client",
    purposes: ["clientAuth"],
  });
  expect(
    new X509Certificate(certificate.pem).checkIssued(new X509Certificate(aggregator.certificate.pem)),
  ).toBe(true);
});

test("a client's roles are its organizations", async () => {
  const { certificate } = await ca.issue({
    organization: [role.reader, role.etcdBackup],
    purposes: ["clientAuth"],
    lifetimeMs: year,
  });
  expect(certificate).toMatchObject({
    subject: { organization: ["os:reader", "os:etcd:backup"], commonName: undefined },
    purposes: ["clientAuth"],
    keyUsages: ["digitalSignature"],
    isAuthority: false,
    notBefore: later(-day),
    notAfter: later(year),
    authorityKeyIdentifier: ca.certificate.subjectKeyIdentifier,
  });
});

test("a server has each of its names once, spelled one way", async () => {
  const { certificate } = await ca.issue({
    commonName: "node-1",
    dnsNames: ["node-1", "NODE-1", "*.cluster.local", "bücher.example"],
    ipAddresses: ["10.0.0.1", "fd00:0:0::1", "FD00::1", "::ffff:10.0.0.2"],
    purposes: ["serverAuth"],
    lifetimeMs: day,
  });
  expect(certificate.dnsNames).toEqual(["node-1", "*.cluster.local", "xn--bcher-kva.example"]);
  expect(certificate.ipAddresses).toEqual(["10.0.0.1", "fd00::1", "::ffff:10.0.0.2"]);
});

test.each([
  { name: "an empty DNS name", names: { dnsNames: [""] } },
  { name: "an address as a DNS name", names: { dnsNames: ["10.0.0.1"] } },
  { name: "a star inside a name", names: { dnsNames: ["a.*.example"] } },
  { name: "a host name with a NUL", names: { dnsNames: ["a.example\0.b.example"] } },
  { name: "an address with a zone", names: { ipAddresses: ["fe80::1%eth0"] } },
  { name: "a network as an address", names: { ipAddresses: ["10.0.0.0/8"] } },
])("$name is refused", async ({ names }) => {
  await expect(ca.issue({ ...names, purposes: ["serverAuth"] })).rejects.toThrow("Cannot name a certificate");
});

test("what is backdated and for how long is the caller's choice", async () => {
  const { certificate } = await ca.issue({ purposes: ["clientAuth"], backdateMs: 0, lifetimeMs: hour });
  expect([certificate.notBefore, certificate.notAfter]).toEqual([now, later(hour)]);
});

test("no leaf outlives its authority", async () => {
  const brief = await createAuthority({ algorithm: "ed25519", clock, lifetimeMs: hour });
  const { certificate } = await brief.issue({ purposes: ["clientAuth"], lifetimeMs: day });
  expect(certificate.notAfter).toEqual(later(hour));
});

test("a request gives its key and nothing else", async () => {
  const key = await createKeyPair("ecdsa-p256");
  const request = createRequest(key, {
    organization: [role.admin],
    commonName: "node-1",
    dnsNames: ["node-1"],
  });
  const certificate = ca.sign(request, { dnsNames: request.dnsNames, purposes: ["serverAuth"] });
  expect(certificate.publicKey.equals(key.publicKey)).toBe(true);
  expect(certificate.subject).toEqual({ organization: [], organizationalUnit: [], commonName: undefined });
  expect(certificate.dnsNames).toEqual(["node-1"]);
  expect(certificate.purposes).toEqual(["serverAuth"]);
});

describe("an authority that is opened again", () => {
  test("goes on issuing", async () => {
    const opened = openAuthority({ crt: ca.certificate.pem, key: ca.key.pem, clock });
    const { certificate } = await opened.issue({ purposes: ["clientAuth"] });
    expect(certificate.isSignedBy(ca.certificate)).toBe(true);
  });

  test("must have the key of its certificate", async () => {
    const other = await createKeyPair("ed25519");
    expect(() => openAuthority({ crt: ca.certificate.pem, key: other.pem, clock })).toThrow(
      "does not belong",
    );
  });

  test("must be an authority", async () => {
    const { certificate, key } = await ca.issue({ purposes: ["clientAuth"] });
    expect(() => openAuthority({ crt: certificate.pem, key: key.pem, clock })).toThrow("not an authority's");
  });
});

test("serial numbers are positive, of 16 octets, and differ", async () => {
  const serials = await Promise.all(
    Array.from(
      { length: 50 },
      async () => (await ca.issue({ purposes: ["clientAuth"] })).certificate.serialNumber,
    ),
  );
  expect(new Set(serials).size).toBe(50);
  expect(serials.every((serial) => serial.toString(16).length === 32 && serial < 1n << 127n)).toBe(true);
});

test("every combination of names reads back, and Node's own reader sees the same certificate", async () => {
  const key = await createKeyPair("ed25519");
  const text = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .map((text) => text.toWellFormed());
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        commonName: text,
        organization: fc.array(text, { maxLength: 4 }),
        dnsNames: fc.uniqueArray(fc.domain(), { maxLength: 4 }),
        ipAddresses: fc.uniqueArray(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 4 }),
      }),
      async (names) => {
        const { certificate } = await ca.issue({ ...names, purposes: ["serverAuth", "clientAuth"], key });
        const again = parseCertificate(certificate.pem);
        expect(again.subject).toEqual({
          commonName: names.commonName,
          organization: names.organization,
          organizationalUnit: [],
        });
        const oracle = new X509Certificate(certificate.pem);
        expect(oracle.serialNumber.toLowerCase()).toBe(again.serialNumber.toString(16));
        expect(oracle.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(again.fingerprint);
        expect(oracle.verify(ca.certificate.publicKey)).toBe(true);
        expect(again.dnsNames.every((name) => oracle.checkHost(name) !== undefined)).toBe(true);
        expect(again.ipAddresses.every((address) => oracle.checkIP(address) !== undefined)).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});

test.each(["ed25519", "ecdsa-p256", "rsa-2048"] satisfies KeyAlgorithm[])(
  "an authority of %s issues for keys of every kind",
  async (algorithm) => {
    const authority = await createAuthority({ algorithm, clock });
    for (const kind of ["ed25519", "ecdsa-p256", "rsa-2048"] satisfies KeyAlgorithm[]) {
      const key = await createKeyPair(kind);
      const { certificate } = await authority.issue({ purposes: ["serverAuth"], key });
      expect(certificate.isSignedBy(authority.certificate)).toBe(true);
      expect(new X509Certificate(certificate.pem).verify(authority.certificate.publicKey)).toBe(true);
    }
  },
);

test("a bundle holds several authorities", async () => {
  const other = await createAuthority({ algorithm: "ecdsa-p256", clock });
  expect(
    parseCertificates(ca.certificate.pem + other.certificate.pem).map(({ fingerprint }) => fingerprint),
  ).toEqual([ca.certificate.fingerprint, other.certificate.fingerprint]);
});
