import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { blockingSyscall } from "../kernel/ffi.ts";
import { numbers } from "../kernel/syscall-numbers.ts";
import type { Dismantle } from "./teardown.ts";

// Linux, include/uapi/linux/raid/md_u.h and dm-ioctl.h
const STOP_ARRAY = 0x932;
const DM_DEV_REMOVE = 0xc138fd04;
const dmIoctlBytes = 312;
const nameBytes = 128;

/** By the kernel's own ioctls: no mdadm, no dmsetup. */
export const dismantle: Dismantle = {
  stopRaid: (name) => command(`/dev/${name}`, `stop ${name}`, STOP_ARRAY),
  removeMapping: (name) => command("/dev/mapper/control", `remove ${name}`, DM_DEV_REMOVE, mapping(name)),
};

async function command(path: string, what: string, request: number, data?: Uint8Array): Promise<void> {
  await using handle = await open(path, constants.O_RDWR);
  await blockingSyscall(what, numbers.ioctl, handle.fd, request, data ?? null);
}

/** struct dm_ioctl, interface version 4. */
export function mapping(name: string): Uint8Array {
  if (Buffer.byteLength(name) >= nameBytes) throw new Error(`Cannot remove ${name}: its name is too long`);
  const bytes = Buffer.alloc(dmIoctlBytes);
  bytes.writeUInt32LE(4, 0);
  bytes.writeUInt32LE(dmIoctlBytes, 12);
  bytes.writeUInt32LE(dmIoctlBytes, 16);
  bytes.write(name, 48, "utf8");
  return bytes;
}
