import type { FileHandle } from "node:fs/promises";

/** Reads of an open device, as tables and signatures are looked for. Behind its end there are zeros. */
export const readsOf =
  (handle: FileHandle) =>
  async (offset: number, size: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(size);
    await handle.read(bytes, 0, size, offset);
    return bytes;
  };
