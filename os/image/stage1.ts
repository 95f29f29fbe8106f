// Stage 1: what the kernel starts first. It mounts the squashfs images that lie in the initramfs, makes them the
// root, and starts PID 1's program. It is a straight line of system calls, so it is written as one: a table, turned
// into a static executable of under 3 KB. A Node as stage 1 would cost 2.4 s more at each boot and 30 MB.
import { type Argument, executable, type Syscall, saved } from "./syscall-program.ts";

// Linux, include/uapi/linux/{mount,loop}.h
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
const MS_MOVE = 0x2000;
const O_RDWR = 2;
const LOOP_SET_FD = 0x4c00;

/** Where the layers of the root are mounted when there are several; nobody sees it afterwards. */
export const layerFolder = (nth: number) => `/layers/${nth}`;

export interface Stage1 {
  /** Kernel modules in the initramfs, in the order to load them. */
  readonly modules: readonly string[];
  /** Images of the root's layers in the initramfs, the lowest first. */
  readonly layers: readonly string[];
  /** PID 1's program, and where in the root it goes. */
  readonly program: { readonly file: string; readonly mountAt: string };
  readonly argv: readonly string[];
  readonly env: readonly string[];
}

/** The executable for x86-64. When a step fails it says which on the console and exits: the kernel then panics. */
export function stage1({ modules, layers, program, argv, env }: Stage1): Uint8Array {
  const [root] = layers;
  const several = layers.length > 1;
  return executable([
    { name: "mount /dev", call: "mount", args: mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC) },
    ...modules.flatMap((file): Syscall[] => [
      { name: `open ${file}`, call: "open", args: [file, 0, 0], save: "file" },
      { name: `load ${file}`, call: "finit_module", args: [saved("file"), "", 0] },
      { name: `close ${file}`, call: "close", args: [saved("file")] },
    ]),
    ...(several
      ? layers.flatMap((file, nth) => image(file, nth, layerFolder(nth)))
      : image(root!, 0, "/root")),
    ...(several ? [overlay(layers.map((_, nth) => layerFolder(nth)).toReversed())] : []),
    ...image(program.file, layers.length, `/root${program.mountAt}`),
    { name: "move /dev", call: "mount", args: mount("/dev", "/root/dev", 0, MS_MOVE) },
    { name: "enter the root", call: "chdir", args: ["/root"] },
    { name: "move the root", call: "mount", args: mount(".", "/", 0, MS_MOVE) },
    { name: "change the root", call: "chroot", args: ["."] },
    { name: "enter /", call: "chdir", args: ["/"] },
    { name: `start ${argv[0]}`, call: "execve", args: [argv[0]!, argv, env] },
  ]);
}

const notWhole = "the initramfs is damaged, or was not downloaded whole";

/** Mounts a squashfs image by the loop device of that number. */
const image = (file: string, loop: number, target: string): Syscall[] => [
  { name: `open ${file}`, call: "open", args: [file, 0, 0], save: "file", hint: notWhole },
  { name: `open /dev/loop${loop}`, call: "open", args: [`/dev/loop${loop}`, O_RDWR, 0], save: "loop" },
  { name: `attach ${file}`, call: "ioctl", args: [saved("loop"), LOOP_SET_FD, saved("file")] },
  {
    name: `mount ${file}`,
    call: "mount",
    args: mount(`/dev/loop${loop}`, target, "squashfs", MS_RDONLY | MS_NODEV | MS_NOSUID),
    hint: notWhole,
  },
  { name: "close loop", call: "close", args: [saved("loop")] },
  { name: "close image", call: "close", args: [saved("file")] },
];

/** One read-only root of several layers, the topmost first (Linux, Documentation/filesystems/overlayfs.rst). */
const overlay = (lowers: readonly string[]): Syscall => ({
  name: "put the layers together",
  call: "mount",
  args: mount(
    "overlay",
    "/root",
    "overlay",
    MS_RDONLY | MS_NODEV | MS_NOSUID,
    `lowerdir=${lowers.join(":")}`,
  ),
});

const mount = (
  source: string,
  target: string,
  type: string | 0,
  flags: number,
  data: string | 0 = 0,
): Argument[] => [source, target, type, flags, data];
