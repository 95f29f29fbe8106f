import { createHash } from "node:crypto";
import type { BlockDevice } from "../block/block-device.ts";

/** The disk that is written to. */
export type Target = Pick<
  BlockDevice,
  "path" | "sizeBytes" | "sectorBytes" | "read" | "write" | "overwrite" | "flush"
>;

const chunkBytes = 4 * 1024 * 1024;

/** Writes a stream from `offset` on, in large pieces; tells how far it is. What follows it in its last sector is zeros. */
export async function writeStream(
  target: Pick<Target, "write" | "sectorBytes">,
  offset: number,
  stream: AsyncIterable<Uint8Array>,
  written: (bytes: number) => void,
): Promise<void> {
  let room = Buffer.alloc(chunkBytes);
  let filled = 0;
  let at = offset;
  const send = async (size: number) => {
    await target.write(at, room.subarray(0, size));
    at += size;
    written(filled);
    room = Buffer.alloc(chunkBytes);
    filled = 0;
  };
  for await (const chunk of stream) {
    for (let taken = 0; taken < chunk.length; ) {
      const size = Math.min(chunk.length - taken, chunkBytes - filled);
      room.set(chunk.subarray(taken, taken + size), filled);
      filled += size;
      taken += size;
      if (filled === chunkBytes) await send(chunkBytes);
    }
  }
  if (filled > 0) await send(Math.ceil(filled / target.sectorBytes) * target.sectorBytes);
}

/** The digest of what is on the medium. */
export async function digestOf(
  target: Pick<Target, "read">,
  offset: number,
  sizeBytes: number,
): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < sizeBytes; at += chunkBytes)
    hash.update(await target.read(offset + at, Math.min(chunkBytes, sizeBytes - at)));
  return hash.digest("hex");
}
