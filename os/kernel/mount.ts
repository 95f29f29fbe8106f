import { syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

// Linux, include/uapi/linux/mount.h
const flagBits = {
  ro: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  relatime: 1 << 21,
  remount: 32,
  noatime: 1024,
  bind: 4096,
  move: 8192,
} as const;

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: readonly (keyof typeof flagBits)[];
  /** Comma-separated options of the filesystem itself. */
  readonly options?: string;
}

export function mount({ source, target, type, flags, options }: Mount): void {
  const bits = flags.reduce((sum, flag) => sum | flagBits[flag], 0);
  syscall(`mount ${target}`, numbers.mount, source, target, type, bits, options ?? null);
}

/** Shows a file in the place of another, to be read only. */
export function bindFile(source: string, target: string): void {
  mount({ source, target, type: "", flags: ["bind"] });
  mount({ source, target, type: "", flags: ["bind", "remount", "ro", "nosuid", "nodev", "noexec"] });
}

export function unmount(target: string): void {
  syscall(`unmount ${target}`, numbers.umount2, target, 0);
}
