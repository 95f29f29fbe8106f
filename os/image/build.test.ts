import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage, type Image } from "./build.ts";

const project = join(import.meta.dirname, "../..");
let folder: string;
let first: Image;
let second: Image;
let unpackedRoot: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-image-"));
  first = await build("first", false);
  // The second build has only what the first left behind: it works without a network.
  cpSync(join(folder, "first-cache/packages"), join(folder, "second-cache/packages"), { recursive: true });
  cpSync(join(folder, "first-cache/apt-trixie-amd64"), join(folder, "second-cache/apt-trixie-amd64"), {
    recursive: true,
  });
  second = await build("second", true);
  const stage = readdirSync(join(folder, "first-cache/stages")).find((name) => name.startsWith("root-"))!;
  unpackedRoot = join(folder, "first-cache/stages", stage, "root");
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function build(name: string, offline: boolean): Promise<Image> {
  return buildImage({
    project,
    profile: "virt",
    out: join(folder, name),
    cache: join(folder, `${name}-cache`),
    offline,
    progress: () => {},
    signal: new AbortController().signal,
  });
}

describe("the operating system's image", () => {
  test.each(["kernel", "initramfs", "manifest"] as const)(
    "two builds give the same %s, byte for byte",
    (part) => {
      expect(readFileSync(first[part]).equals(readFileSync(second[part]))).toBe(true);
    },
  );

  test("holds these programs and no others", () => {
    const programs = execFileSync(
      "find",
      [unpackedRoot, "-type", "f", "-perm", "/111", "-not", "-name", "*.so*"],
      {
        encoding: "utf8",
      },
    );
    expect(
      programs
        .trim()
        .split("\n")
        .map((file) => file.slice(unpackedRoot.length))
        .sort(),
    ).toEqual([
      "/usr/bin/kmod",
      "/usr/bin/node",
      "/usr/sbin/e2fsck",
      "/usr/sbin/mke2fs",
      "/usr/sbin/mkfs.fat",
      "/usr/sbin/mkfs.xfs",
      "/usr/sbin/xfs_repair",
    ]);
  });

  test("holds nothing that changes who runs it", () => {
    expect(execFileSync("find", [unpackedRoot, "-perm", "/6000"], { encoding: "utf8" })).toBe("");
  });

  test("names every package with its version, digest and licences", () => {
    const { packages } = JSON.parse(readFileSync(first.manifest, "utf8")) as {
      packages: { name: string; version: string; sha256: string; licences: string[] }[];
    };
    expect(packages.map(({ name }) => name)).toContain("libc6");
    for (const { version, sha256 } of packages) {
      expect(version).toMatch(/^\d/);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test("stays under 70 MB", () => {
    expect(statSync(first.kernel).size + statSync(first.initramfs).size).toBeLessThan(70e6);
  });
});
