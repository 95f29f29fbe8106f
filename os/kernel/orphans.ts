// PID 1 inherits every orphan. wait4(-1) would also take the exits of Node's own children, which libuv then misses;
// so a child is looked at without being taken, and only one that Node did not start is reaped.
import { syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

// Linux, include/uapi/linux/wait.h; siginfo_t has si_pid at byte 16.
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const pidOffset = 16;

/** Reaps exited orphans; stops at a child of Node's own, which libuv takes. Resolves to the pids reaped. */
export function reapOrphans(isOwnChild: (pid: number) => boolean): number[] {
  const reaped: number[] = [];
  for (;;) {
    const exited = look();
    if (exited === undefined || isOwnChild(exited)) return reaped;
    syscall(`reap ${exited}`, numbers.waitid, P_PID, exited, null, WEXITED | WNOHANG, null);
    reaped.push(exited);
  }
}

/** The pid of a child that has exited; undefined when there is none. */
function look(): number | undefined {
  const info = Buffer.alloc(128);
  try {
    syscall("look for exited children", numbers.waitid, P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT, null);
  } catch (error) {
    if (isNoChild(error)) return undefined;
    throw error;
  }
  return info.readInt32LE(pidOffset) || undefined;
}

const isNoChild = (error: unknown) => error instanceof Error && "code" in error && error.code === "ECHILD";
