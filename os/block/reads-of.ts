import type { FileHandle } from "node:fs/promises";

/** Reads of an open device from `start` on, as tables and signatures are looked for. Behind its end there are zeros. */
export const readsOf =
  (handle: FileHandle, start = 0) =>
  async (offset: number, size: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(size);
    await handle.read(bytes, 0, size, start + offset);
    return bytes;
  };
