import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Fat32, fat32 } from "./write.ts";

const MiB = 1024 * 1024;
const files = {
  "EFI/BOOT/BOOTX64.EFI": randomBytes(700_001),
  "EFI/BOOT/BOOTAA64.EFI": randomBytes(512),
  "EFI/INGOT/EMPTY": new Uint8Array(0),
  ...Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`MANY/FILE${n}.TXT`, Buffer.from(`number ${n}`)]),
  ),
};
const spec: Fat32 = {
  ...{ sizeBytes: 100 * MiB, sectorBytes: 512, sectorsBefore: 2048, label: "EFI", volumeId: 0x1234abcd },
  files,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-fat-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** On a medium that was full of something else before. */
function imageOf(value: Fat32): string {
  const file = join(folder, "fat.img");
  writeFileSync(file, randomBytes(4 * MiB));
  truncateSync(file, value.sizeBytes);
  const fd = openSync(file, "r+");
  for (const { offset, bytes } of fat32(value).pieces) writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
  return file;
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe.each([
  ["512 bytes", spec],
  ["4 KiB", { ...spec, sectorBytes: 4096, sizeBytes: 300 * MiB }],
])("a FAT32 of ours on sectors of %s", (_, value) => {
  test("is whole, says fsck.fat", () => {
    const said = execFileSync("fsck.fat", ["-n", "-v", imageOf(value)], { encoding: "utf8" });
    expect(said).toMatch(/: 48 files, \d+\/\d+ clusters/);
    expect(said).not.toMatch(/differ|wrong|bad|dirty|Auto-/i);
  });

  test("is known by its label and number, says blkid", () => {
    const said = execFileSync("blkid", ["-p", "-o", "export", imageOf(value)], { encoding: "utf8" });
    expect(said).toContain("TYPE=vfat");
    expect(said).toContain("VERSION=FAT32");
    expect(said).toContain("LABEL=EFI");
    expect(said).toContain("UUID=1234-ABCD");
  });

  test("holds what was put into it, as mtools reads it", () => {
    const image = imageOf(value);
    for (const [path, bytes] of Object.entries(files)) {
      const read = execFileSync("mtype", ["-i", image, `::/${path}`], { maxBuffer: MiB });
      expect(digest(read), path).toBe(digest(bytes));
    }
  });
});

test("tells where a file lies", () => {
  const written = fat32(spec);
  const image = readFileSync(imageOf(spec));
  const at = written.offsetOf("EFI/BOOT/BOOTX64.EFI")!;
  expect(image.subarray(at, at + 700_001).equals(files["EFI/BOOT/BOOTX64.EFI"])).toBe(true);
  expect(written.offsetOf("EFI/BOOT")).toBeUndefined();
});

test.each([
  ["too small for FAT32", { ...spec, sizeBytes: 20 * MiB }, /clusters of at least 65525/],
  ["full", { ...spec, files: { BIG: new Uint8Array(101 * MiB) } }, /Cannot put \d+ clusters/],
  ["asked for a long name", { ...spec, files: { "grub.cfg": new Uint8Array(1) } }, /no 8.3 form/],
])("is refused when it is %s", (_, value, reason) => {
  expect(() => fat32(value)).toThrow(reason);
});
