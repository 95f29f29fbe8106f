// A disk whose first sectors are mutated: every read ends in a table, or in none. Nothing is thrown, nothing hangs.
import type { FuzzModule } from "../../../workshop/fuzz.ts";
import { mutated } from "../../../workshop/mutate.ts";
import { encodeTable, readTable } from "./table.ts";

const geometry = { sizeBytes: 128 * 1024, sectorBytes: 512 };
const table = {
  diskGuid: "11223344-5566-4788-99aa-bbccddeeff00",
  partitions: [
    {
      number: 1,
      type: "0fc63daf-8483-4772-8e79-3d69d8477de4",
      guid: "00000000-0000-4000-8000-000000000001",
      name: "STATE",
      firstSector: 40,
      lastSector: 90,
      attributes: 0n,
    },
  ],
};

export const fuzz: FuzzModule["fuzz"] = async ({ runs, seed, log }) => {
  const original = Buffer.alloc(geometry.sizeBytes);
  for (const { offset, bytes } of Object.values(encodeTable(table, geometry))) original.set(bytes, offset);
  let read = 0;
  for (const input of mutated([original], { runs, seed })) {
    const disk = Buffer.alloc(geometry.sizeBytes);
    disk.set(input.subarray(0, disk.length));
    const found = await readTable({
      ...geometry,
      read: async (offset, size) => disk.subarray(offset, offset + size),
    });
    if (found) read++;
  }
  log(`${read} of ${runs} disks had a table`);
};
