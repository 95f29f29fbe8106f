// Proof that nobody wiped what was not to be wiped: a mark is put on the disk of each machine that is clean and off, and
// must be found there until somebody asks for a wipe.
import { closeSync, openSync, readSync, writeSync } from "node:fs";

const mark = Buffer.from("nobody asked for this disk to be wiped");

export class Marks {
  /** Files with a mark that nobody has given up. */
  readonly #marked = new Set<string>();

  put(file: string): void {
    const disk = openSync(file, "r+");
    writeSync(disk, mark, 0, mark.length, 0);
    closeSync(disk);
    this.#marked.add(file);
  }

  /** Says what is wrong, if anything is. */
  check(file: string): string | undefined {
    if (!this.#marked.has(file)) return undefined;
    const disk = openSync(file, "r");
    const found = Buffer.alloc(mark.length);
    readSync(disk, found, 0, found.length, 0);
    closeSync(disk);
    return found.equals(mark) ? undefined : `${file} was wiped, and nobody asked for it`;
  }

  /** From now on its disk may be wiped. */
  giveUp(file: string): void {
    this.#marked.delete(file);
  }
}
