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

/** ADJ_OFFSET_SINGLESHOT of adjtimex(2): make up for an offset, as adjtime(3) does. */
const ADJ_OFFSET_SINGLESHOT = 0x8001;
const sizeOfTimex = 208;

/** Has the clock run up to 0.05 % faster or slower until the offset is made up. */
export function slewClock(offsetMs: number): void {
  const timex = Buffer.alloc(sizeOfTimex);
  timex.writeUInt32LE(ADJ_OFFSET_SINGLESHOT, 0);
  timex.writeBigInt64LE(BigInt(Math.round(offsetMs * 1000)), 8);
  syscall("slew the clock", numbers.adjtimex, timex);
}
