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
  target: Pick<Target, "write" | "overwrite" | "sectorBytes">,
  offset: number,
  stream: AsyncIterable<Uint8Array>,
  written: (bytes: number) => void,
): Promise<void> {
  const room = Buffer.alloc(chunkBytes);
  let filled = 0;
  let at = offset;
  const send = async () => {
    const size = Math.ceil(filled / target.sectorBytes) * target.sectorBytes;
    const piece = room.subarray(0, size).fill(0, filled);
    // A filesystem that was just made is mostly zeros, and those need not be copied.
    await (isZeros(piece) ? target.overwrite(at, size) : target.write(at, piece));
    at += size;
    written(filled);
    filled = 0;
  };
  for await (const chunk of stream) {
    for (let taken = 0; taken < chunk.length; ) {
      const size = Math.min(chunk.length - taken, chunkBytes - filled);
      room.set(chunk.subarray(taken, taken + size), filled);
      filled += size;
      taken += size;
      if (filled === chunkBytes) await send();
    }
  }
  if (filled > 0) await send();
}

/** Every byte is as the one before it. */
const isZeros = (bytes: Buffer) => bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1));

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
