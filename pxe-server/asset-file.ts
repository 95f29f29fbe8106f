// A file as the servers need it: whole, in shared memory, with its digest. Reading from memory is 4 times as fast
// as streaming a file, and one copy feeds every TFTP worker and the HTTP server.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Asset } from "./booter.ts";

export async function readAsset(path: string, signal?: AbortSignal): Promise<Asset> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    const hash = createHash("sha256");
    for (let position = 0; position < size; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(bytes, position, Math.min(size - position, 1 << 22), position);
      if (bytesRead === 0) throw new Error(`it ended at byte ${position} of ${size}`);
      hash.update(bytes.subarray(position, position + bytesRead));
      position += bytesRead;
    }
    return { bytes, sha256: hash.digest("hex") };
  } catch (cause) {
    throw new Error(`Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** An asset of bytes that are already here. */
export function assetOf(content: Uint8Array | string): Asset {
  const given = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const bytes = new Uint8Array(new SharedArrayBuffer(given.length));
  bytes.set(given);
  return { bytes, sha256: createHash("sha256").update(given).digest("hex") };
}
