// Stage 1: what the kernel starts first. It mounts the squashfs images that lie in the initramfs, makes them the
// root, and starts PID 1's program. It is a straight line of system calls, so it is written as one: a table, turned
// into a static executable of under 3 KB. A Node as stage 1 would cost 2.4 s more at each boot and 30 MB.
import { type Argument, executable, type Syscall, saved } from "./syscall-program.ts";

// Linux, include/uapi/linux/{mount,loop}.h
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_MOVE = 0x2000;
const O_RDWR = 2;
const LOOP_SET_FD = 0x4c00;

export interface Stage1 {
  /** Kernel modules in the initramfs, in the order to load them. */
  readonly modules: readonly string[];
  /** Images in the initramfs and where they go; the first is the root. */
  readonly images: readonly { readonly file: string; readonly mountAt: string }[];
  readonly argv: readonly string[];
  readonly env: readonly string[];
}

/** The executable for x86-64. When a step fails it says which on the console and exits: the kernel then panics. */
export function stage1({ modules, images, argv, env }: Stage1): Uint8Array {
  return executable([
    { name: "mount /dev", call: "mount", args: mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID) },
    ...modules.flatMap((file): Syscall[] => [
      { name: `open ${file}`, call: "open", args: [file, 0, 0], save: "file" },
      { name: `load ${file}`, call: "finit_module", args: [saved("file"), "", 0] },
      { name: `close ${file}`, call: "close", args: [saved("file")] },
    ]),
    ...images.flatMap(({ file, mountAt }, index): Syscall[] => [
      { name: `open ${file}`, call: "open", args: [file, 0, 0], save: "file" },
      { name: `open /dev/loop${index}`, call: "open", args: [`/dev/loop${index}`, O_RDWR, 0], save: "loop" },
      { name: `attach ${file}`, call: "ioctl", args: [saved("loop"), LOOP_SET_FD, saved("file")] },
      {
        name: `mount ${file}`,
        call: "mount",
        args: mount(`/dev/loop${index}`, `/root${mountAt}`, "squashfs", MS_RDONLY | MS_NODEV | MS_NOSUID),
      },
      { name: "close loop", call: "close", args: [saved("loop")] },
      { name: "close image", call: "close", args: [saved("file")] },
    ]),
    { name: "move /dev", call: "mount", args: mount("/dev", "/root/dev", 0, MS_MOVE) },
    { name: "enter the root", call: "chdir", args: ["/root"] },
    { name: "move the root", call: "mount", args: mount(".", "/", 0, MS_MOVE) },
    { name: "change the root", call: "chroot", args: ["."] },
    { name: "enter /", call: "chdir", args: ["/"] },
    { name: `start ${argv[0]}`, call: "execve", args: [argv[0]!, argv, env] },
  ]);
}

const mount = (source: string, target: string, type: string | 0, flags: number): Argument[] => [
  source,
  target,
  type,
  flags,
  0,
];
