// Linux, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
const x64 = {
  ioctl: 16,
  socket: 41,
  sendto: 44,
  recvfrom: 45,
  bind: 49,
  setsockopt: 54,
  sync: 162,
  adjtimex: 159,
  mount: 165,
  umount2: 166,
  reboot: 169,
  sethostname: 170,
  clock_settime: 227,
  waitid: 247,
  finit_module: 313,
} as const;

const arm64: Record<keyof typeof x64, number> = {
  ioctl: 29,
  socket: 198,
  sendto: 206,
  recvfrom: 207,
  bind: 200,
  setsockopt: 208,
  sync: 81,
  adjtimex: 171,
  mount: 40,
  umount2: 39,
  reboot: 142,
  sethostname: 161,
  clock_settime: 112,
  waitid: 95,
  finit_module: 273,
};

const tables: Partial<Record<string, Record<keyof typeof x64, number>>> = { x64, arm64 };

function forThisMachine(): Record<keyof typeof x64, number> {
  const table = tables[process.arch];
  if (!table)
    throw new Error(`Cannot make system calls on ${process.arch}: there is no table of their numbers`);
  return table;
}

/** System call numbers of the machine this runs on. */
export const numbers = forThisMachine();
