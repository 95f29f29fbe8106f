import { open } from "node:fs/promises";
import { encodeTable, type Geometry, type PartitionTable } from "./table.ts";

/** To a disk whose partitions may be in use. The backup first: at every moment one of the two is whole. */
export async function writeTable(
  disk: Geometry & { readonly devPath: string },
  table: PartitionTable,
): Promise<void> {
  await using handle = await open(disk.devPath, "r+");
  const bootCode = Buffer.alloc(440);
  await handle.read(bootCode, 0, bootCode.length, 0);
  const { backup, entries, header, protection } = encodeTable(table, disk, bootCode);
  for (const { offset, bytes } of [backup, entries, header, protection]) {
    const { bytesWritten } = await handle.write(bytes, 0, bytes.length, offset);
    if (bytesWritten !== bytes.length)
      throw new Error(
        `Cannot write the partition table of ${disk.devPath} at ${offset}: took ${bytesWritten} of ${bytes.length} bytes`,
      );
    await handle.sync();
  }
}
