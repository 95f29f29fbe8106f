import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseCertificate } from "./certificate.ts";
import { parseRequest } from "./certificate-request.ts";
import { readKeyPair } from "./key-pair.ts";
import { fuzz } from "./pki.fuzz.ts";

test("any bytes at all end in a sentence of ours", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400, size: "max" }), (bytes) => {
      expect(() => parseCertificate(bytes)).toThrow(/^Cannot read certificate: /);
      expect(() => parseRequest(bytes)).toThrow(/^Cannot read certificate request: /);
      expect(() => readKeyPair(Buffer.from(bytes).toString("latin1"))).toThrow(/^Cannot read PEM: /);
    }),
  );
});

test("certificates, requests and keys with a few bytes changed are read or refused, and never lost", async () => {
  await expect(fuzz({ runs: 4000, seed: 20260801, log: () => undefined })).resolves.toBeUndefined();
});

test("depth does not hurt: sixty thousand bytes of nested sequences are refused at once", () => {
  let nested: Uint8Array = new Uint8Array();
  for (let depth = 0; depth < 15_000; depth++) {
    const { length } = nested;
    const header = length < 0x80 ? [0x30, length] : [0x30, 0x82, length >> 8, length & 0xff];
    nested = Buffer.concat([Uint8Array.from(header), nested]);
  }
  expect(() => parseCertificate(nested)).toThrow("Cannot read certificate");
});
