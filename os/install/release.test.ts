import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { openImage } from "./image-source.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const kernel = Buffer.from("a kernel");
const facts = (bytes: Buffer) => ({
  sizeBytes: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});
const initramfs = Buffer.alloc(100_000, "an initramfs ");
const manifest = Buffer.from(
  JSON.stringify({
    ...{ version: 1, profile: "virt", packages: [], node: "v26" },
    kernel: { release: "6.12", ...facts(kernel) },
    initramfs: facts(initramfs),
  }),
);
const whole: Readonly<Record<string, Buffer>> = {
  "/image/manifest.json": manifest,
  "/image/manifest.json.sig": sign(null, manifest, privateKey),
  "/image/vmlinuz": kernel,
  "/image/initramfs": initramfs,
};

const { signal } = new AbortController();

/** Opens the image that a server offers, and reads all of it. */
async function take(files: Readonly<Record<string, Buffer>>, key = publicKey): Promise<Buffer> {
  const server = createServer(({ url = "" }, response) => {
    const found = files[url];
    if (found) response.end(found);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/image`;
    const source = await openImage({ image: url, key, fetch, signal });
    const chunks: Uint8Array[] = [];
    for (const part of ["kernel", "initramfs"] as const)
      for await (const chunk of source.read(part, signal)) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe("an image of a server's", () => {
  test("is taken when the release key has signed it", async () => {
    expect(await take(whole)).toEqual(Buffer.concat([kernel, initramfs]));
  });

  const changed = Buffer.from(initramfs);
  changed[77_777]! ^= 1;
  const other = Buffer.from(manifest.toString().replace("virt", "evil"));
  test.each([
    [
      "is not signed",
      { ...whole, "/image/manifest.json.sig": undefined },
      /manifest.json.sig: the server says 404/,
    ],
    [
      "was changed after it was signed",
      { ...whole, "/image/manifest.json": other },
      /not signed by our release key/,
    ],
    [
      "is longer than it says",
      { ...whole, "/image/vmlinuz": Buffer.from("a kernel!") },
      /longer than its 8 bytes/,
    ],
    ["ends too early", { ...whole, "/image/vmlinuz": Buffer.from("a ker") }, /ends after 5 of 8 bytes/],
    ["holds something else", { ...whole, "/image/initramfs": changed }, /its digest is not the manifest's/],
  ])("is refused when it %s", async (_, files, reason) => {
    await expect(take(files as Record<string, Buffer>)).rejects.toThrow(reason);
  });

  test("is refused when somebody else has signed it", async () => {
    await expect(take(whole, generateKeyPairSync("ed25519").publicKey)).rejects.toThrow(/not signed by our/);
  });
});
