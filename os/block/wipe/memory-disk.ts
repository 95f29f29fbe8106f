import type { BlockDevice } from "../block-device.ts";

export interface Faults {
  /** Commands that the device answers with "not supported". */
  readonly unsupported?: readonly Parameters<BlockDevice["command"]>[0][];
  /** Writes and commands past this byte fail, as on a medium that is dying. */
  readonly failsFrom?: number;
  /** Writes and commands that touch this byte are acknowledged and not done, as firmware bugs do. */
  readonly keeps?: number;
}

/** A disk of bytes in memory, with the faults of real ones. Discarded ranges keep nothing in particular: 0xa5 here. */
export function memoryDisk(
  contents: Uint8Array,
  { unsupported = [], failsFrom = Infinity, keeps = -1 }: Faults = {},
): BlockDevice {
  const fill = (offset: number, length: number, value: number) => {
    if (offset + length > failsFrom)
      throw Object.assign(new Error(`Cannot write at ${offset}: EIO`), { code: "EIO" });
    const kept = contents[keeps];
    contents.fill(value, offset, offset + length);
    if (kept !== undefined) contents[keeps] = kept;
  };
  return {
    path: "memory",
    sizeBytes: contents.length,
    sectorBytes: 512,
    async read(offset, size) {
      return contents.slice(offset, offset + size);
    },
    async write(offset, bytes) {
      fill(offset, bytes.length, 0);
      if (bytes.some((byte) => byte !== 0)) contents.set(bytes, offset);
    },
    async command(what, offset, length) {
      if (unsupported.includes(what))
        throw Object.assign(new Error(`Cannot ${what}: EOPNOTSUPP`), { code: "EOPNOTSUPP" });
      fill(offset, length, what === "zero" ? 0 : 0xa5);
    },
    async flush() {},
    async [Symbol.asyncDispose]() {},
  };
}
