import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTable } from "../block/gpt/table.ts";
import { runTool } from "../kernel/run-tool.ts";
import { readBootState } from "./boot-partition.ts";
import { type InstallRequest, install } from "./install.ts";
import { extentOf, type PartitionName, partitionNumber } from "./layout.ts";
import { decodeMeta, metaBytes, metaTags } from "./meta/block.ts";
import { occupancyOf } from "./occupancy.ts";
import { type PracticeDisk, practiceDisk } from "./practice-disk.ts";
import { practiceImage } from "./practice-image.ts";
import { decodeSlotHeader, placesIn, slotHeaderBytes } from "./slot.ts";
import { digestOf, type Target } from "./target.ts";

const sizeBytes = 2 * 1024 ** 3;
const source = practiceImage(randomBytes(300_001), randomBytes(5_000_003));
const loader = { boot: randomBytes(512), core: randomBytes(180_001), efi: randomBytes(700_001) };
const config = "version: v1alpha1\nmachine:\n  type: worker\n";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-install-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const request = (disk: Target, rest: Partial<InstallRequest> = {}): InstallRequest => ({
  ...{
    disk,
    source,
    loader,
    config,
    wipe: false,
    scratch: folder,
    newGuid: randomUUID,
    run: runTool((child) => child),
  },
  kernelArguments: ["console=ttyS0", "panic=10"],
  meta: new Map([[metaTags.uuidOverride, Buffer.from("machine-1")]]),
  ...rest,
});
const quiet = { step: () => {}, written: () => {} };
const installOn = (disk: Target, rest: Partial<InstallRequest> = {}) =>
  install(request(disk, rest), quiet, new AbortController().signal);

let disks = 0;
const newDisk = (options: { sectorBytes?: number; cutAfter?: number } = {}) =>
  practiceDisk(join(folder, `disk${disks++}.img`), { sizeBytes, ...options });

const run = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { encoding: "utf8" });

async function expectWhole(disk: PracticeDisk): Promise<void> {
  const table = await readTable(disk);
  expect(table?.damage).toBeUndefined();
  const extent = (name: PartitionName) => extentOf(table!, name, disk.sectorBytes)!;
  expect(await readBootState(disk, extent("BOOT"))).toEqual({
    is: "installed",
    default: "a",
    next: undefined,
  });
  const slot = extent("BOOT-A");
  const header = decodeSlotHeader(await disk.read(slot.offset, slotHeaderBytes));
  expect(header?.release).toEqual(source.release);
  const places = placesIn(source.release);
  for (const part of ["kernel", "initramfs"] as const) {
    const { sizeBytes: size, sha256 } = source.release[part];
    expect(await digestOf(disk, slot.offset + places[part], size)).toBe(sha256);
  }
  const meta = decodeMeta(await disk.read(extent("META").offset, metaBytes));
  expect(Buffer.from(meta!.values.get(metaTags.uuidOverride)!).toString()).toBe("machine-1");
}

/** A partition as a file of its own, for tools that know none. */
async function partitionFile(disk: PracticeDisk, name: PartitionName): Promise<string> {
  const { offset, sizeBytes: size } = extentOf((await readTable(disk))!, name, disk.sectorBytes)!;
  const file = `${disk.path}.${name}`;
  writeFileSync(file, await disk.read(offset, size));
  return file;
}

describe("an install", () => {
  test("leaves a disk that every tool finds whole", async () => {
    await using disk = await newDisk();
    await installOn(disk);
    await expectWhole(disk);
    expect(run("sgdisk", "--verify", disk.path)).toContain("No problems found");
    const { partitiontable } = JSON.parse(run("sfdisk", "--json", disk.path)) as {
      partitiontable: { partitions: { name: string }[] };
    };
    expect(partitiontable.partitions.map(({ name }) => name)).toEqual([
      ...["EFI", "BIOS", "META", "STATE", "BOOT", "BOOT-A", "BOOT-B", "EPHEMERAL"],
    ]);

    const efi = await partitionFile(disk, "EFI");
    run("fsck.fat", "-n", efi);
    expect(
      execFileSync("mtype", ["-i", efi, "::/EFI/BOOT/BOOTX64.EFI"], { maxBuffer: 1e6 }).equals(loader.efi),
    ).toBe(true);
    const boot = await partitionFile(disk, "BOOT");
    run("fsck.fat", "-n", boot);
    expect(run("mtype", "-i", boot, "::/BOOT.ENV")).toMatch(/^# GRUB Environment Block\ndefault=a\n#+$/);
    expect(run("mtype", "-i", boot, "::/BOOT.CFG")).toContain(`set order="gpt6 gpt7"`);
    const state = await partitionFile(disk, "STATE");
    run("e2fsck", "-f", "-n", state);
    expect(run("debugfs", "-R", "cat /config.yaml", state)).toBe(config);
    expect(run("blkid", "-p", "-o", "value", "-s", "LABEL", state).trim()).toBe("STATE");
  });

  test("tells its steps, and how much of the image is written", async () => {
    await using disk = await newDisk();
    const said: string[] = [];
    let last = 0;
    const progress = {
      step: (name: string) => said.push(name),
      written: (bytes: number, of: number) => {
        expect(bytes).toBeGreaterThan(last);
        expect(of).toBe(5_300_004);
        last = bytes;
      },
    };
    await install(request(disk), progress, new AbortController().signal);
    expect(last).toBe(5_300_004);
    expect(said.at(0)).toBe("clearing the disk");
    expect(said.at(-1)).toBe("finishing");
  });

  test("works on sectors of 4 KiB", async () => {
    await using disk = await newDisk({ sectorBytes: 4096 });
    await installOn(disk);
    await expectWhole(disk);
  });

  test("is refused where something is, until somebody says that it may go", async () => {
    await using disk = await newDisk();
    run("mke2fs", "-q", "-F", "-t", "ext4", disk.path);
    await expect(installOn(disk)).rejects.toThrow(/it holds ext, and nobody said that it may be wiped/);
    expect(run("blkid", "-p", disk.path)).toContain("ext4");
    await installOn(disk, { wipe: true });
    await expectWhole(disk);
    await expect(installOn(disk)).rejects.toThrow(/an Ingot system/);
  });

  test("is refused on a disk that is too small", async () => {
    await using disk = await practiceDisk(join(folder, "small.img"), { sizeBytes: 1e9 });
    await expect(installOn(disk)).rejects.toThrow("a disk of 1.0 GB: it takes 1.7 GB");
  });

  test("does not trust a disk that keeps something else than it was given", async () => {
    await using disk = await newDisk();
    const lies: Target = {
      ...disk,
      read: async (offset, size) => {
        const bytes = await disk.read(offset, size);
        if (size > 1_000_000) bytes[1000]! ^= 1;
        return bytes;
      },
    };
    await expect(installOn(lies)).rejects.toThrow(/the initramfs that was written is not what is read back/);
    expect(await occupancyOf(disk)).toEqual({ is: "unfinished" });
  });
});

describe("a power cut during an install", () => {
  let total: number;
  beforeAll(async () => {
    await using disk = await newDisk();
    await installOn(disk);
    total = disk.writes;
  });

  test("leaves a disk that is installed again, whichever write was the last", async () => {
    // STATE takes many writes of the same kind in the middle; a few of them stand for all.
    const cuts = Array.from({ length: total }, (_, n) => n).filter(
      (n) => n < 9 || n > total - 9 || n % 9 === 0,
    );
    for (const cutAfter of cuts) {
      const path = join(folder, "cut.img");
      rmSync(path, { force: true });
      {
        await using disk = await practiceDisk(path, { sizeBytes, cutAfter });
        await expect(installOn(disk), `cut after ${cutAfter}`).rejects.toThrow("the power is gone");
      }
      await using again = await practiceDisk(path, { sizeBytes });
      expect((await occupancyOf(again)).is, `cut after ${cutAfter}`).not.toBe("occupied");
      await installOn(again);
      await expectWhole(again);
    }
  }, 300_000);

  test("over something that was to be wiped leaves a disk that is installed again", async () => {
    for (let cutAfter = 0; cutAfter < total; cutAfter += 12) {
      const path = join(folder, "cut.img");
      rmSync(path, { force: true });
      {
        await using disk = await practiceDisk(path, { sizeBytes, cutAfter });
        run("mke2fs", "-q", "-F", "-t", "ext4", disk.path);
        await expect(installOn(disk, { wipe: true })).rejects.toThrow("the power is gone");
      }
      await using again = await practiceDisk(path, { sizeBytes });
      await installOn(again, { wipe: true });
      await expectWhole(again);
    }
  }, 300_000);
});

test("the boot script calls partitions by their numbers", () => {
  expect([partitionNumber("BOOT"), partitionNumber("BOOT-A"), partitionNumber("BOOT-B")]).toEqual([5, 6, 7]);
});
