import { type FileHandle, open } from "node:fs/promises";
import { readsOf } from "../block/reads-of.ts";
import type { Target } from "./target.ts";

export interface PracticeDisk extends Target, AsyncDisposable {
  /** How many writes it has taken. */
  readonly writes: number;
}

/** A disk that is a file, mostly of holes. It can lose its power before any of its writes. */
export async function practiceDisk(
  path: string,
  {
    sizeBytes,
    sectorBytes = 512,
    cutAfter = Infinity,
  }: { sizeBytes: number; sectorBytes?: number; cutAfter?: number },
): Promise<PracticeDisk> {
  const handle: FileHandle = await open(path, "a+").then(async (made) => {
    await made.truncate(sizeBytes);
    await made.close();
    return open(path, "r+");
  });
  let writes = 0;
  const write = async (offset: number, bytes: Uint8Array) => {
    if (offset % sectorBytes !== 0 || bytes.length % sectorBytes !== 0)
      throw new Error(`Cannot write ${bytes.length} bytes at ${offset}: EINVAL`);
    if (offset + bytes.length > sizeBytes) throw new Error(`Cannot write at ${offset}: ENOSPC`);
    if (writes >= cutAfter) throw new Error("the power is gone");
    writes++;
    await handle.write(bytes, 0, bytes.length, offset);
  };
  return {
    path,
    sizeBytes,
    sectorBytes,
    get writes() {
      return writes;
    },
    write,
    overwrite: (offset, length) => write(offset, new Uint8Array(length)),
    read: readsOf(handle),
    flush: async () => {},
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
