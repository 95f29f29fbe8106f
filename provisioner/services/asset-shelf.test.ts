import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AssetShelf } from "./asset-shelf.ts";

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-shelf-"));
  await put("vmlinuz", "a kernel");
  await put("initramfs", "an initramfs");
  await putManifest("a kernel", "an initramfs", "6.1");
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (file: string, text: string) => writeFile(join(folder, file), text);
const facts = (text: string) => ({
  ...{ sizeBytes: text.length, sha256: createHash("sha256").update(text).digest("hex") },
});
const putManifest = (kernel: string, initramfs: string, release: string) =>
  put(
    "manifest.json",
    JSON.stringify({ kernel: { release, ...facts(kernel) }, initramfs: facts(initramfs) }),
  );

async function followed() {
  const shelf = await AssetShelf.open({ images: [{ name: "default", folder }] });
  const stop = new AbortController();
  const said: string[] = [];
  const told: number[] = [];
  const listening = (async () => {
    for await (const assets of shelf.watch(stop.signal)) told.push(assets.length);
  })();
  const lookAgain = async () => {
    await shelf.look((text) => said.push(text));
    // Whoever is told is told in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    ...{ shelf, said, told, lookAgain },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await listening;
    },
  };
}

const kernelOf = (shelf: AssetShelf) => shelf.imageFile("default", "vmlinuz")?.sizeBytes;

test("an image that is built anew is served from then on, once it is whole", async () => {
  await using it = await followed();
  const { shelf, said, told, lookAgain } = it;
  await lookAgain();
  expect([said, told]).toEqual([[], [2]]);

  await put("vmlinuz", "another kernel");
  await lookAgain();
  await lookAgain();
  expect(said).toEqual([
    expect.stringMatching(/the image default changes: Cannot serve .*vmlinuz: it is not the file/),
  ]);
  expect(kernelOf(shelf)).toBe("a kernel".length);

  await putManifest("another kernel", "an initramfs", "6.2");
  await put("manifest.json.sig", "a signature");
  await lookAgain();
  expect(said.slice(1)).toEqual(["the image default is another one now, and is served from here on"]);
  expect(told).toEqual([2, 2]);
  expect(shelf.images.get("default")?.release).toBe("6.2");
  expect(kernelOf(shelf)).toBe("another kernel".length);
  expect(shelf.imageFile("default", "manifest.json.sig")?.sizeBytes).toBe("a signature".length);
});

test("an image that is taken away while it is served stays as it was", async () => {
  await using it = await followed();
  rmSync(join(folder, "manifest.json"));
  await it.lookAgain();
  expect(it.said).toEqual([expect.stringMatching(/the image default changes: Cannot use the image/)]);
  expect(kernelOf(it.shelf)).toBe("a kernel".length);
});
