import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { type Disk, listDisks } from "../block/disks.ts";
import { readTable } from "../block/gpt/table.ts";
import { readsOf } from "../block/reads-of.ts";
import { findSignatures } from "../block/signatures.ts";
import type { DiskView } from "./plan.ts";

const leastBytes = 4 * 1024 * 1024;

/** All disks that can be read, and what is on them. */
export async function viewDisks(sys: string, systemDisk: string | undefined): Promise<DiskView[]> {
  const disks = (await listDisks(sys)).filter(({ sizeBytes }) => sizeBytes >= leastBytes);
  const views = await Promise.allSettled(disks.map((disk) => viewDisk(disk, disk.devPath === systemDisk)));
  // A disk that cannot be read is no place for a volume.
  return views.flatMap((view) => (view.status === "fulfilled" ? [view.value] : []));
}

export async function viewDisk(disk: Disk, isSystem: boolean): Promise<DiskView> {
  await using handle = await open(disk.devPath, constants.O_RDONLY);
  const read = readsOf(handle);
  const { sizeBytes, sectorBytes } = disk;
  const table = await readTable({ sizeBytes, sectorBytes, read });
  const holds = (await findSignatures({ sizeBytes, read })).map(({ name }) => name);
  return { disk, isSystem, table, holds, filesystemUuid: table ? undefined : await uuidOn(read) };
}

/** Where the superblocks of xfs and of ext have it. */
async function uuidOn(read: (offset: number, size: number) => Promise<Buffer>): Promise<string | undefined> {
  const start = await read(0, 2048);
  const isXfs = start.toString("latin1", 0, 4) === "XFSB";
  const isExt = start.readUInt16LE(1024 + 0x38) === 0xef53;
  if (!isXfs && !isExt) return undefined;
  const at = isXfs ? 32 : 1024 + 0x68;
  const digits = start.toString("hex", at, at + 16);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
