import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempDisposableSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { dropPartition, partitionNamed } from "./partition.ts";

const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" }).trim();
const canLoop = process.getuid?.() === 0 && spawnSync("losetup", ["-f"]).status === 0;

test("partitions are known by their names, and by the disk that they are on", async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "ingot-partition-"));
  const disk = join(folder.path, "devices/pci0/block/nvme0n1");
  mkdirSync(join(disk, "nvme0n1p3"), { recursive: true });
  writeFileSync(join(disk, "nvme0n1p3/partition"), "3\n");
  mkdirSync(join(folder.path, "class/block"), { recursive: true });
  for (const [name, path] of Object.entries({ nvme0n1: disk, nvme0n1p3: join(disk, "nvme0n1p3") }))
    symlinkSync(path, join(folder.path, "class/block", name));
  expect(await partitionNamed(folder.path, "nvme0n1p3")).toEqual({ disk: "nvme0n1", number: 3 });
  expect(await partitionNamed(folder.path, "nvme0n1")).toBeUndefined();
  expect(await partitionNamed(folder.path, "sdz1")).toBeUndefined();
});

// Only root may make devices of files.
test.skipIf(!canLoop)("a partition goes from its table, and from the kernel; the others stay", async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "ingot-partition-"));
  const file = join(folder.path, "disk");
  const sizeBytes = 64 * 2 ** 20;
  writeFileSync(file, "");
  truncateSync(file, sizeBytes);
  run("sgdisk", "-n1:0:+8M", "-n2:0:+8M", "-n3:0:+8M", file);
  const devPath = run("losetup", "--find", "--show", "--partscan", file);
  try {
    // For kernels that cannot read a GPT themselves.
    run("partx", "--update", devPath);
    const disk = { devPath, sizeBytes, sectorBytes: 512 };
    const partitions = () => run("lsblk", "-rno", "NAME", devPath).split("\n").slice(1);
    const name = (number: number) => `${basename(devPath)}p${number}`;
    expect(partitions()).toEqual([1, 2, 3].map(name));
    await dropPartition(disk, 2);
    expect(partitions()).toEqual([1, 3].map(name));
    expect(run("sgdisk", "--verify", devPath)).toContain("No problems found");
    expect(run("sgdisk", "-p", devPath)).toMatch(/^ +1 [^]*^ +3 /m);
    // Once more, as by somebody who did not hear the answer.
    await dropPartition(disk, 2);
    expect(partitions()).toEqual([1, 3].map(name));
  } finally {
    run("losetup", "--detach", devPath);
  }
});
