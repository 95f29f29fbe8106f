import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { addressOf, blockingSyscall, syscall } from "../kernel/ffi.ts";
import { numbers } from "../kernel/syscall-numbers.ts";
import type { BlockDevice } from "./block-device.ts";
import { openFirmware } from "./firmware/open-firmware.ts";

// Linux, include/uapi/linux/fs.h. The last three take a pair of 64-bit numbers: offset and length.
const BLKSSZGET = 0x1268;
const BLKGETSIZE64 = 0x80081272;
const commands = { discard: 0x1277, secureDiscard: 0x127d, zero: 0x127f } as const;

const BLKRRPART = 0x125f;

/** O_DIRECT wants memory that begins where a sector of any size may begin. */
const alignmentBytes = 4096;

/** With whatever was in that memory before. */
function alignedBuffer(size: number): Buffer {
  const room = Buffer.allocUnsafeSlow(size + alignmentBytes);
  const past = Number(addressOf(room) % BigInt(alignmentBytes));
  const start = (alignmentBytes - past) % alignmentBytes;
  return room.subarray(start, start + size);
}

/** The most that one write carries; all disks share these zeros. */
const overwriteBytes = 1024 * 1024;
let zeros: Buffer | undefined;

type Speaks = BlockDevice["firmware"]["speaks"];

/** Opens it for itself alone: a device that is mounted, or part of a RAID, says EBUSY. */
export async function openBlockDevice(path: string, speaks: Speaks = "nothing"): Promise<BlockDevice> {
  // Past the cache: what is read back afterwards must come from the medium.
  const handle = await open(path, constants.O_RDWR | constants.O_EXCL | constants.O_DIRECT);
  const answer = Buffer.alloc(8);
  const send = async (bytes: Buffer, size: number, offset: number) => {
    const { bytesWritten } = await handle.write(bytes, 0, size, offset);
    if (bytesWritten !== size)
      throw new Error(`Cannot write ${path} at ${offset}: took ${bytesWritten} of ${size} bytes`);
  };
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
      firmware: openFirmware(handle.fd, speaks),
      async read(offset, size) {
        const start = offset - (offset % sectorBytes);
        const end = Math.ceil((offset + size) / sectorBytes) * sectorBytes;
        const bytes = alignedBuffer(end - start);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
        if (bytesRead !== bytes.length)
          throw new Error(`Cannot read ${path} at ${start}: got ${bytesRead} of ${bytes.length} bytes`);
        return bytes.subarray(offset - start, offset - start + size);
      },
      async write(offset, bytes) {
        const aligned = alignedBuffer(bytes.length);
        aligned.set(bytes);
        await send(aligned, bytes.length, offset);
      },
      async overwrite(offset, length) {
        zeros ??= alignedBuffer(overwriteBytes).fill(0);
        for (let done = 0; done < length; done += overwriteBytes)
          await send(zeros, Math.min(overwriteBytes, length - done), offset + done);
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
      async [Symbol.asyncDispose]() {
        // The kernel forgets partitions that are gone; a device without partitions refuses, and that is all right.
        await blockingSyscall("read the partitions", numbers.ioctl, handle.fd, BLKRRPART).catch(() => 0);
        await handle.close();
      },
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
