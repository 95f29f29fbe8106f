import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { blockingSyscall, syscall } from "../kernel/ffi.ts";
import { numbers } from "../kernel/syscall-numbers.ts";
import type { BlockDevice } from "./block-device.ts";

// Linux, include/uapi/linux/fs.h. The last three take a pair of 64-bit numbers: offset and length.
const BLKSSZGET = 0x1268;
const BLKGETSIZE64 = 0x80081272;
const commands = { discard: 0x1277, secureDiscard: 0x127d, zero: 0x127f } as const;

/** Opens it for itself alone: a device that is mounted, or part of a RAID, says EBUSY. */
export async function openBlockDevice(path: string): Promise<BlockDevice> {
  const handle = await open(path, constants.O_RDWR | constants.O_EXCL);
  const answer = Buffer.alloc(8);
  const ask = (request: number) => {
    answer.fill(0);
    syscall(`ask ${path} for its size`, numbers.ioctl, handle.fd, request, answer);
    return answer;
  };
  try {
    const sectorBytes = ask(BLKSSZGET).readUInt32LE();
    const sizeBytes = Number(ask(BLKGETSIZE64).readBigUInt64LE());
    return {
      path,
      sizeBytes,
      sectorBytes,
      async read(offset, size) {
        const bytes = Buffer.alloc(size);
        const { bytesRead } = await handle.read(bytes, 0, size, offset);
        if (bytesRead !== size)
          throw new Error(`Cannot read ${path} at ${offset}: got ${bytesRead} of ${size} bytes`);
        return bytes;
      },
      async write(offset, bytes) {
        const { bytesWritten } = await handle.write(bytes, 0, bytes.length, offset);
        if (bytesWritten !== bytes.length) {
          throw new Error(`Cannot write ${path} at ${offset}: took ${bytesWritten} of ${bytes.length} bytes`);
        }
      },
      async command(what, offset, length) {
        const range = Buffer.alloc(16);
        range.writeBigUInt64LE(BigInt(offset), 0);
        range.writeBigUInt64LE(BigInt(length), 8);
        await blockingSyscall(
          `${what} ${path} at ${offset}`,
          numbers.ioctl,
          handle.fd,
          commands[what],
          range,
        );
      },
      flush: () => handle.sync(),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
