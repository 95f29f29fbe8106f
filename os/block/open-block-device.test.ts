import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openBlockDevice } from "./open-block-device.ts";
import type { MethodName } from "./wipe/method.ts";
import { wipe } from "./wipe/wipe.ts";

const MiB = 1024 * 1024;
const sizeBytes = 40 * MiB;

let folder: string;
let file: string;
let device: string;
const losetup = (...args: readonly string[]) => execFileSync("losetup", args, { encoding: "utf8" }).trim();

// Only root may attach a file as a disk.
describe.skipIf(process.getuid?.() !== 0)("a real block device", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ingot-disk-"));
    file = join(folder, "disk");
    writeFileSync(file, "");
    truncateSync(file, sizeBytes);
    execFileSync("mke2fs", ["-q", "-F", file], {
      env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
    });
    device = losetup("--find", "--show", file);
  });
  afterEach(() => {
    losetup("--detach", device);
    rmSync(folder, { recursive: true });
  });

  test("says how large it is and in which sectors", async () => {
    await using disk = await openBlockDevice(device);
    expect(disk).toMatchObject({ sizeBytes, sectorBytes: 512 });
  });

  test("is opened by one at a time", async () => {
    await using first = await openBlockDevice(device);
    expect(first.path).toBe(device);
    await expect(openBlockDevice(device)).rejects.toMatchObject({ code: "EBUSY" });
  });

  test.each(["fast", "discard", "zero", "overwrite"] satisfies MethodName[])(
    "is wiped by %s: its file holds only zeros",
    async (method) => {
      const result = await wipe({
        open: () => openBlockDevice(device),
        methods: [method],
        samples: 64,
        pause: async () => {},
        random: Math.random,
        progress: () => {},
        signal: new AbortController().signal,
      });
      expect(result).toMatchObject({ outcome: "wiped", method, proof: { samples: 64 } });
      expect(readFileSync(file).every((byte) => byte === 0)).toBe(true);
    },
  );

  test("that cannot discard securely says so, and keeps its data", async () => {
    const before = readFileSync(file);
    const result = await wipe({
      open: () => openBlockDevice(device),
      methods: ["secureDiscard"],
      samples: 64,
      pause: async () => {},
      random: Math.random,
      progress: () => {},
      signal: new AbortController().signal,
    });
    expect(result).toMatchObject({
      outcome: "failed",
      step: "erase",
      why: expect.stringContaining("NOTSUP"),
    });
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
