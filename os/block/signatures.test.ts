import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BytesAt, findSignatures, type Signature, signatures } from "./signatures.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-signatures-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function namesIn(file: string): Promise<string[]> {
  const fd = openSync(file, "r");
  try {
    const found = await findSignatures({
      sizeBytes: statSync(file).size,
      read(offset, size) {
        const bytes = Buffer.alloc(size);
        readSync(fd, bytes, 0, size, offset);
        return Promise.resolve(bytes);
      },
    });
    return [...new Set(found.map(({ name }) => name))];
  } finally {
    closeSync(fd);
  }
}

describe("disks made by the real tools are recognised", () => {
  // A signature is written where the tool writes it, not where we believe it to be.
  test.each([
    ["ext", "mke2fs", ["-q", "-F", "-t", "ext4"], ["ext"]],
    ["xfs", "mkfs.xfs", ["-q"], ["xfs"]],
    ["btrfs", "mkfs.btrfs", ["-q"], ["btrfs"]],
    ["ntfs", "mkntfs", ["-Q", "-F", "-q"], ["mbr", "ntfs"]],
    ["fat16", "mkfs.fat", ["-F", "16"], ["mbr", "fat"]],
    ["fat32", "mkfs.fat", ["-F", "32"], ["mbr", "fat"]],
    ["exfat", "mkfs.exfat", [], ["mbr", "exfat"]],
    ["f2fs", "mkfs.f2fs", ["-q"], ["f2fs"]],
    ["swap", "mkswap", ["-q"], ["swap"]],
    ["gpt", "sgdisk", ["--new=1:0:0"], ["gpt", "mbr"]],
  ])("%s", async (name, command, args, expected) => {
    const file = join(folder, name);
    writeFileSync(file, "");
    truncateSync(file, 400 * 1024 * 1024);
    execFileSync(command, [...args, file], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
    });
    expect(await namesIn(file)).toEqual(expected);
  });
});

const sizeBytes = 8 * 1024 * 1024;

/** A device of zeros but for one signature. */
const deviceWith = ({ offset, from, magic }: Signature): BytesAt => ({
  sizeBytes,
  read(at, size) {
    const start = from === "start" ? offset : sizeBytes - offset;
    const bytes = Buffer.alloc(size);
    for (let index = 0; index < size; index++) bytes[index] = magic[at + index - start] ?? 0;
    return Promise.resolve(bytes);
  },
});

describe("a device that holds one signature", () => {
  test.each(
    signatures.map(
      (signature) =>
        [`${signature.name} at ${signature.offset} from the ${signature.from}`, signature] as const,
    ),
  )("%s", async (_, signature) => {
    expect(await findSignatures(deviceWith(signature))).toContain(signature);
  });

  test("a device too small for a signature is not read past its end", async () => {
    const device: BytesAt = {
      sizeBytes: 512,
      read(offset, size) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + size).toBeLessThanOrEqual(512);
        return Promise.resolve(Buffer.alloc(size));
      },
    };
    expect(await findSignatures(device)).toEqual([]);
  });
});
