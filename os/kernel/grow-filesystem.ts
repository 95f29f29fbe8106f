import { constants } from "node:fs";
import { open, statfs } from "node:fs/promises";
import { blockingSyscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

// Linux, fs/ext4/ext4.h and fs/xfs/libxfs/xfs_fs.h
const EXT4_IOC_RESIZE_FS = 0x40086610;
const XFS_IOC_FSGROWFSDATA = 0x4010586e;
/** The share of an xfs that inodes may take, as mkfs.xfs has it. */
const inodePercent = 25;

/** Has a mounted filesystem take the whole of its device, which has grown. */
export async function growFilesystem(
  type: "ext4" | "xfs",
  mountedAt: string,
  sizeBytes: number,
): Promise<void> {
  const { bsize } = await statfs(mountedAt);
  await using handle = await open(mountedAt, constants.O_RDONLY | constants.O_DIRECTORY);
  const request = Buffer.alloc(16);
  request.writeBigUInt64LE(BigInt(Math.floor(sizeBytes / bsize)), 0);
  if (type === "xfs") request.writeUInt32LE(inodePercent, 8);
  const command = type === "xfs" ? XFS_IOC_FSGROWFSDATA : EXT4_IOC_RESIZE_FS;
  await blockingSyscall(`grow the filesystem at ${mountedAt}`, numbers.ioctl, handle.fd, command, request);
}
