// What is on the disks of a machine, seen in the files that they are: nothing that runs on the machine is believed.
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { readTable } from "../../../../os/block/gpt/table.ts";
import { edgeBytes } from "../../../../os/block/wipe/method.ts";

const mark = Buffer.from("nobody asked for this disk to be wiped");
const pieceBytes = 1024 * 1024;
const sectorBytes = 512;

export class Disks {
  readonly #files: readonly string[];

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  /** What a wipe, of whatever method, should have taken away; undefined when there is nothing. */
  remains(): string | undefined {
    const nothing = Buffer.alloc(pieceBytes);
    for (const file of this.#files) {
      using disk = opened(file, "r");
      const { sizeBytes } = disk;
      const edge = Math.min(edgeBytes, sizeBytes);
      for (const from of [0, sizeBytes - edge])
        for (let offset = from; offset < from + edge; offset += pieceBytes) {
          const piece = disk.read(offset, Math.min(pieceBytes, sizeBytes - offset));
          if (!piece.equals(nothing.subarray(0, piece.length)))
            return `something is still at ${offset} on ${basename(file)}`;
        }
    }
    return undefined;
  }

  /** Of a machine that is off. */
  mark(): void {
    for (const file of this.#files) {
      using disk = opened(file, "r+");
      writeSync(disk.descriptor, mark, 0, mark.length, 0);
    }
  }

  /** A disk on which no mark is; undefined when all have theirs. */
  unmarked(): string | undefined {
    const isUnmarked = (file: string) => {
      using disk = opened(file, "r");
      return !disk.read(0, mark.length).equals(mark);
    };
    const found = this.#files.find(isUnmarked);
    return found === undefined ? undefined : basename(found);
  }

  /** By the partition tables, each of which got a number of its own when it was installed; undefined: none is there. */
  async system(): Promise<string | undefined> {
    const found: string[] = [];
    for (const file of this.#files) {
      using disk = opened(file, "r");
      const { sizeBytes } = disk;
      const read = async (offset: number, size: number) => disk.read(offset, size);
      const table = await readTable({ sizeBytes, sectorBytes, read });
      if (table) found.push(table.diskGuid);
    }
    return found.length === 0 ? undefined : found.join(" ");
  }
}

function opened(file: string, how: "r" | "r+") {
  const descriptor = openSync(file, how);
  return {
    descriptor,
    sizeBytes: fstatSync(descriptor).size,
    read(offset: number, size: number): Buffer {
      const bytes = Buffer.alloc(size);
      readSync(descriptor, bytes, 0, size, offset);
      return bytes;
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}
