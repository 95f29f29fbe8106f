import { execFileSync } from "node:child_process";
import { mkdtempSync, openSync, readSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeTable, type Partition, type PartitionTable, readTable, usable } from "./table.ts";

const MiB = 1024 * 1024;
const geometry = { sizeBytes: 64 * MiB, sectorBytes: 512 };
const linux = "0fc63daf-8483-4772-8e79-3d69d8477de4";
const esp = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
const table: PartitionTable = {
  diskGuid: "11223344-5566-4788-99aa-bbccddeeff00",
  partitions: [
    partition(1, { type: esp, name: "EFI", firstSector: 2048, lastSector: 34815 }),
    partition(3, { name: "Daten ä", firstSector: 34816, lastSector: 65535, attributes: 4n }),
  ],
};

function partition(number: number, rest: Partial<Partition>): Partition {
  const guid = `00000000-0000-4000-8000-00000000000${number}`;
  return { number, type: linux, guid, name: "", firstSector: 0, lastSector: 0, attributes: 0n, ...rest };
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-gpt-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function imageOf(value: PartitionTable, { sizeBytes, sectorBytes } = geometry): string {
  const file = join(folder, `${sizeBytes}-${sectorBytes}.img`);
  writeFileSync(file, "");
  truncateSync(file, sizeBytes);
  const fd = openSync(file, "r+");
  for (const { offset, bytes } of Object.values(encodeTable(value, { sizeBytes, sectorBytes })))
    writeSync(fd, bytes, 0, bytes.length, offset);
  return file;
}

function diskOf(file: string, { sizeBytes, sectorBytes } = geometry) {
  const fd = openSync(file, "r+");
  return {
    sizeBytes,
    sectorBytes,
    async read(offset: number, size: number) {
      const bytes = Buffer.alloc(size);
      readSync(fd, bytes, 0, size, offset);
      return bytes;
    },
    damage: (offset: number) => writeSync(fd, "damage", offset),
  };
}

const run = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { encoding: "utf8" });

describe("a partition table of ours", () => {
  test("has no problems, says sgdisk", () => {
    expect(run("sgdisk", "--verify", imageOf(table))).toContain("No problems found");
  });

  test("is what sfdisk reads", () => {
    const { partitiontable } = JSON.parse(run("sfdisk", "--json", imageOf(table))) as {
      partitiontable: { id: string; partitions: Record<string, unknown>[] };
    };
    expect(partitiontable.id.toLowerCase()).toBe(table.diskGuid);
    expect(partitiontable.partitions).toEqual([
      {
        node: expect.stringMatching(/1$/),
        start: 2048,
        size: 32768,
        type: esp.toUpperCase(),
        uuid: "00000000-0000-4000-8000-000000000001",
        name: "EFI",
      },
      {
        node: expect.stringMatching(/3$/),
        start: 34816,
        size: 30720,
        type: linux.toUpperCase(),
        uuid: "00000000-0000-4000-8000-000000000003",
        name: "Daten ä",
        attrs: "LegacyBIOSBootable",
      },
    ]);
  });

  test("is read again as it was written, on sectors of either size", async () => {
    for (const sectorBytes of [512, 4096]) {
      const on = { sizeBytes: 640 * MiB, sectorBytes };
      expect(await readTable(diskOf(imageOf(table, on), on))).toEqual({ ...table, damage: undefined });
    }
  });

  test.each([
    ["the primary header", 512 + 60, /^primary: the header's checksum/],
    ["the primary entries", 1024 + 3, /^primary: the entries' checksum/],
    ["the primary signature", 512, /^primary: .*does not begin with/],
    ["the backup header", 64 * MiB - 512 + 60, /^backup: the header's checksum/],
    ["the backup entries", 64 * MiB - 512 * 20, /^backup: the entries' checksum/],
  ])("survives damage to %s", async (_, offset, damage) => {
    const disk = diskOf(imageOf(table));
    disk.damage(offset);
    expect(await readTable(disk)).toEqual({ ...table, damage: expect.stringMatching(damage) });
  });

  test("is none when both are damaged", async () => {
    const disk = diskOf(imageOf(table));
    disk.damage(512);
    disk.damage(64 * MiB - 512);
    expect(await readTable(disk)).toBeUndefined();
  });

  test.each([
    [
      "overlaps",
      [partition(1, { firstSector: 40, lastSector: 90 }), partition(2, { firstSector: 90, lastSector: 99 })],
      /taken/,
    ],
    ["lies on the table itself", [partition(1, { firstSector: 33, lastSector: 90 })], /taken/],
    ["ends behind the disk", [partition(1, { firstSector: 40, lastSector: 131_039 })], /131039 of 131038/],
    ["has no number", [partition(0, { firstSector: 40, lastSector: 90 })], /number 0/],
  ])("is not made where a partition %s", (_, partitions, reason) => {
    expect(() => encodeTable({ ...table, partitions }, geometry)).toThrow(reason);
  });
});

test("tables that sgdisk makes are read", async () => {
  const file = join(folder, "sgdisk.img");
  writeFileSync(file, "");
  truncateSync(file, geometry.sizeBytes);
  run("sgdisk", "-n1:2048:+8M", "-t1:ef00", "-c1:boot", "-n5:0:0", "-c5:rest", file);
  const found = await readTable(diskOf(file));
  expect(found?.damage).toBeUndefined();
  expect(
    found?.partitions.map(({ number, name, firstSector, type }) => ({ number, name, firstSector, type })),
  ).toEqual([
    { number: 1, name: "boot", firstSector: 2048, type: esp },
    { number: 5, name: "rest", firstSector: 18_432, type: linux },
  ]);
});

test("any table is the same after being written and read", async () => {
  const { first, last } = usable(geometry);
  const partitions = fc
    .uniqueArray(fc.integer({ min: first, max: last }), { minLength: 0, maxLength: 40 })
    .map((bounds) => bounds.toSorted((a, b) => a - b))
    .chain((bounds) =>
      fc.tuple(
        ...Array.from({ length: Math.floor(bounds.length / 2) }, (_, index) =>
          fc.record({
            number: fc.constant(index * 3 + 1),
            type: fc.constant(linux),
            guid: fc.uuid(),
            name: fc.string({ maxLength: 36 }).filter((text) => !text.includes("\0")),
            firstSector: fc.constant(bounds[index * 2]!),
            lastSector: fc.constant(bounds[index * 2 + 1]!),
            attributes: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
          }),
        ),
      ),
    );
  await fc.assert(
    fc.asyncProperty(fc.uuid(), partitions, async (diskGuid, list) => {
      const disk = new Map<number, Uint8Array>();
      for (const { offset, bytes } of Object.values(encodeTable({ diskGuid, partitions: list }, geometry)))
        for (let at = 0; at < bytes.length; at += 512) disk.set(offset + at, bytes.subarray(at, at + 512));
      const read = async (offset: number, size: number) =>
        Buffer.concat(
          Array.from(
            { length: Math.ceil(size / 512) },
            (_, n) => disk.get(offset + n * 512) ?? Buffer.alloc(512),
          ),
        );
      expect(await readTable({ ...geometry, read })).toEqual({
        diskGuid,
        partitions: list,
        damage: undefined,
      });
    }),
    { numRuns: 50 },
  );
});
