// The disk that holds the system, and the devices of its partitions.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { type Disk, listDisks } from "./disks.ts";
import { type FoundTable, readTable } from "./gpt/table.ts";
import { readsOf } from "./reads-of.ts";

export interface SystemDisk {
  readonly disk: Disk;
  readonly table: FoundTable;
}

/** Undefined: none of the disks has a table that fits. */
export async function findDisk(
  fits: (table: FoundTable) => boolean,
  failed: (reason: string) => void,
): Promise<SystemDisk | undefined> {
  for (const disk of await listDisks("/sys")) {
    try {
      const table = await tableOn(disk);
      if (table && fits(table)) return { disk, table };
    } catch (error) {
      // A drive without a medium, a disk that is dying: not the one that is looked for.
      failed(`Cannot look at ${disk.devPath}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return undefined;
}

async function tableOn({ devPath, sizeBytes, sectorBytes }: Disk): Promise<FoundTable | undefined> {
  if (sizeBytes < 1024 * 1024) return undefined;
  await using handle = await open(devPath, constants.O_RDONLY);
  const read = readsOf(handle);
  // Awaited here: the file is closed when this returns.
  return await readTable({ sizeBytes, sectorBytes, read });
}

/** As the kernel names them: `sda3`, `nvme0n1p3`. */
export const partitionDevice = (devPath: string, number: number): string =>
  `${devPath}${/\d$/.test(devPath) ? "p" : ""}${number}`;
