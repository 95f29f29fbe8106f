import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeOnePem, decodePem, encodePem } from "./pem.ts";

const block = encodePem({ label: "CERTIFICATE", bytes: Buffer.alloc(60, 7) });

test("what is written is read back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), (bytes) => {
      expect(decodeOnePem(encodePem({ label: "X Y", bytes }))).toEqual({
        label: "X Y",
        bytes: Buffer.from(bytes),
      });
    }),
  );
});

test("the blocks of a bundle are read in order, whatever stands between them", () => {
  const bundle = `# the old one\r\n${block.replaceAll("\n", "\r\n")}subject=x\n${encodePem({ label: "KEY", bytes: Buffer.from("k") })}`;
  expect(decodePem(bundle).map(({ label }) => label)).toEqual(["CERTIFICATE", "KEY"]);
});

test.each([
  { name: "no block", text: "hello", why: "no -----BEGIN line" },
  { name: "two blocks", text: block + block, why: "2 blocks where one is expected" },
  { name: "a block that never ends", text: block.replace(/-----END.*/, ""), why: "not whole" },
  {
    name: "a block that ends as another",
    text: block.replace("END CERT", "END DIRT"),
    why: "ends as DIRTIFICATE",
  },
  {
    name: "headers of encryption",
    text: block.replace("\n", "\nProc-Type: 4,ENCRYPTED\n\n"),
    why: "not whole",
  },
  { name: "characters that are not base64", text: block.replace("Bwc", "B!c"), why: "not base64" },
  { name: "an empty block", text: "-----BEGIN A-----\n-----END A-----\n", why: "not base64" },
  { name: "a megabyte", text: block.padEnd(1024 * 1024 + 1), why: "longer than" },
])("$name is refused", ({ text, why }) => {
  expect(() => decodeOnePem(text)).toThrow(why);
});
