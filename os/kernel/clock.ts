import { syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

const CLOCK_REALTIME = 0;

/** Sets the machine's time at once. Clocks that only count, such as `performance.now`, go on. */
export function setClock(time: Date): void {
  // struct timespec
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64LE(BigInt(Math.floor(time.getTime() / 1000)), 0);
  bytes.writeBigInt64LE(BigInt((time.getTime() % 1000) * 1_000_000), 8);
  syscall("set the clock", numbers.clock_settime, CLOCK_REALTIME, bytes);
}
