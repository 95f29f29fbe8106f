import { randomUUID } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeTable, type Piece } from "../../../../os/block/gpt/table.ts";
import { planLayout } from "../../../../os/install/layout.ts";
import { Disks } from "./disks.ts";

const sizeBytes = 3 * 1024 ** 3;
let folder: string;
let files: string[];
let disks: Disks;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "disks-"));
  files = ["disk0", "disk1"].map((name) => join(folder, name));
  for (const file of files) {
    writeFileSync(file, "");
    truncateSync(file, sizeBytes);
  }
  disks = new Disks(files);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, pieces: readonly Piece[]): void {
  const disk = openSync(file, "r+");
  for (const { offset, bytes } of pieces) writeSync(disk, bytes, 0, bytes.length, offset);
  closeSync(disk);
}

/** As an installation does last. */
function install(file: string): { guid: string; pieces: ReturnType<typeof encodeTable> } {
  const geometry = { sizeBytes, sectorBytes: 512 };
  const table = planLayout(geometry, randomUUID);
  const pieces = encodeTable(table, geometry);
  write(file, [pieces.protection, pieces.entries, pieces.header, pieces.backup]);
  return { guid: table.diskGuid, pieces };
}

describe("the disks of a machine", () => {
  test("hold nothing when they are new", async () => {
    expect(disks.remains()).toBeUndefined();
    expect(await disks.system()).toBeUndefined();
  });

  test.each([
    ["its first byte", 0],
    ["where a partition table is", 600],
    ["the end of what every wipe overwrites", 16 * 1024 ** 2 - 1],
    ["its last byte", sizeBytes - 1],
  ])("are not clean when a wipe has left %s on one of them", (_, offset) => {
    write(files[1]!, [{ offset, bytes: Buffer.from([1]) }]);
    expect(disks.remains()).toMatch(/^something is still at \d+ on disk1$/);
  });

  test("are marked until one of them is written", () => {
    expect(disks.unmarked()).toBe("disk0");
    disks.mark();
    expect(disks.unmarked()).toBeUndefined();
    write(files[1]!, [{ offset: 0, bytes: Buffer.alloc(512) }]);
    expect(disks.unmarked()).toBe("disk1");
  });

  test("name the installation that is on them, which is another after each", async () => {
    const { guid } = install(files[1]!);
    expect(await disks.system()).toBe(guid.toLowerCase());
    install(files[1]!);
    expect(await disks.system()).not.toBe(guid.toLowerCase());
    expect(disks.remains()).toBeDefined();
  });

  test("do so when one of the two tables is being written", async () => {
    const { guid, pieces } = install(files[0]!);
    write(files[0]!, [{ ...pieces.header, bytes: Buffer.alloc(512) }]);
    expect(await disks.system()).toBe(guid.toLowerCase());
  });
});
