// Tells the kernel of partitions one by one: the only way while another partition of the disk is in use.
// Linux, include/uapi/linux/blkpg.h
import { addressOf, SyscallError, syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

const BLKPG = 0x1269;
const operations = { add: 1, remove: 2, resize: 3 } as const;
const partitionBytes = 152;

export interface PartitionPlace {
  readonly number: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** `fd` is the disk's. A partition that is there already is fine, and so is one that has gone. */
export function tellPartition(
  operation: keyof typeof operations,
  fd: number,
  { number, offset, sizeBytes }: PartitionPlace,
): void {
  const partition = Buffer.alloc(partitionBytes);
  partition.writeBigInt64LE(BigInt(offset), 0);
  partition.writeBigInt64LE(BigInt(sizeBytes), 8);
  partition.writeInt32LE(number, 16);
  const request = Buffer.alloc(24);
  request.writeInt32LE(operations[operation], 0);
  request.writeInt32LE(partitionBytes, 8);
  request.writeBigUInt64LE(addressOf(partition), 16);
  try {
    syscall(`${operation} partition ${number}`, numbers.ioctl, fd, BLKPG, request);
  } catch (error) {
    const fine = { add: "EBUSY", remove: "ENXIO", resize: undefined }[operation];
    if (!(error instanceof SyscallError && error.code === fine)) throw error;
  }
}
