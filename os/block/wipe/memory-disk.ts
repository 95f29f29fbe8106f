import type { BlockDevice } from "../block-device.ts";

export interface Faults {
  /** Commands that the device answers with "not supported". */
  readonly unsupported?: readonly Parameters<BlockDevice["command"]>[0][];
  /** Writes and commands past this byte fail, as on a medium that is dying. */
  readonly failsFrom?: number;
  /** Writes and commands that touch this byte are acknowledged and not done, as firmware bugs do. */
  readonly keeps?: number;
  /** What discarded ranges read as: many disks promise zeros, none has to. */
  readonly discarded?: number;
  readonly firmware?: BlockDevice["firmware"];
}

/** A disk of bytes in memory, with the faults of real ones. */
export function memoryDisk(contents: Uint8Array, faults: Faults = {}): BlockDevice {
  const { unsupported = [], failsFrom = Infinity, keeps = -1, discarded = 0 } = faults;
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
    firmware: faults.firmware ?? { speaks: "nothing" },
    async read(offset, size) {
      return contents.slice(offset, offset + size);
    },
    async write(offset, bytes) {
      contents.set(bytes, offset);
    },
    async overwrite(offset, length) {
      fill(offset, length, 0);
    },
    async command(what, offset, length) {
      if (unsupported.includes(what))
        throw Object.assign(new Error(`Cannot ${what}: EOPNOTSUPP`), { code: "EOPNOTSUPP" });
      fill(offset, length, what === "zero" ? 0 : discarded);
    },
    async flush() {},
    async [Symbol.asyncDispose]() {},
  };
}
