import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readFolder, readLoaders } from "./loaders.ts";

let folder: string;
let manifest: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-loaders-"));
  manifest = join(folder, "manifest.json");
  const digest = createHash("sha256").update("loader").digest("hex");
  await writeFile(
    manifest,
    JSON.stringify({ package: "ipxe", version: "1", files: { "snponly.efi": digest } }),
  );
});
afterEach(() => rm(folder, { recursive: true }));

describe("loaders", () => {
  test("are what the manifest says", async () => {
    await writeFile(join(folder, "snponly.efi"), "loader");
    const loaders = await readLoaders({ manifest, folder, files: ["snponly.efi"] });
    expect(Buffer.from(loaders.get("snponly.efi")!.bytes).toString()).toBe("loader");
  });

  test("that differ are refused at start", async () => {
    await writeFile(join(folder, "snponly.efi"), "another");
    await expect(readLoaders({ manifest, folder, files: ["snponly.efi"] })).rejects.toThrow("its digest is");
  });

  test("that are missing are refused at start, on disk or in the manifest", async () => {
    await expect(readLoaders({ manifest, folder, files: ["snponly.efi"] })).rejects.toThrow(
      "Cannot serve the loader snponly.efi",
    );
    await expect(readLoaders({ manifest, folder, files: ["shimx64.efi"] })).rejects.toThrow(
      "does not list it",
    );
  });
});

test("a folder's files are known by their path in it, and nothing outside it is", async () => {
  const inside = join(folder, "pi");
  await mkdir(join(inside, "overlays"), { recursive: true });
  await writeFile(join(inside, "config.txt"), "a");
  await writeFile(join(inside, "overlays/x.dtbo"), "b");
  await symlink(manifest, join(inside, "link"));
  expect([...(await readFolder(inside)).keys()].sort()).toEqual(["config.txt", "overlays/x.dtbo"]);
});
