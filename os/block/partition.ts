// Partitions by the names that the kernel gives them, and how they go.
import { constants } from "node:fs";
import { open, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { tellPartition } from "../kernel/partitions.ts";
import { type Geometry, readTable } from "./gpt/table.ts";
import { writeTable } from "./gpt/write-table.ts";
import { readsOf } from "./reads-of.ts";

export interface PartitionOfDisk {
  /** The disk's name: `nvme0n1`. */
  readonly disk: string;
  readonly number: number;
}

/** Undefined for what is no partition, or not there. */
export async function partitionNamed(sys: string, name: string): Promise<PartitionOfDisk | undefined> {
  try {
    const folder = await realpath(join(sys, "class/block", name));
    const number = Number(await readFile(join(folder, "partition"), "utf8"));
    return { disk: basename(dirname(folder)), number };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Takes it out of its disk's table. The others stay as they are, in use or not. */
export async function dropPartition(
  disk: Geometry & { readonly devPath: string },
  number: number,
): Promise<void> {
  await using handle = await open(disk.devPath, constants.O_RDONLY);
  const read = readsOf(handle);
  const { sizeBytes, sectorBytes } = disk;
  const table = await readTable({ sizeBytes, sectorBytes, read });
  if (!table) throw new Error(`Cannot drop partition ${number} of ${disk.devPath}: there is no GPT on it`);
  const partitions = table.partitions.filter((it) => it.number !== number);
  if (partitions.length === table.partitions.length) return;
  await writeTable(disk, { diskGuid: table.diskGuid, partitions });
  tellPartition("remove", handle.fd, { number, offset: 0, sizeBytes: 0 });
}
