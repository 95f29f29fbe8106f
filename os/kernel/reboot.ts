import { syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

// Linux, include/uapi/linux/reboot.h
const magic = [0xfee1dead, 0x28121969] as const;
const commands = {
  restart: 0x01234567,
  powerOff: 0x4321fedc,
  halt: 0xcdef0123,
  ctrlAltDelSignals: 0,
} as const;

/** Writes what is still in memory and ends the machine's run; or makes Ctrl-Alt-Del a SIGINT for PID 1. */
export function reboot(how: keyof typeof commands): void {
  syscall("write caches back", numbers.sync);
  syscall(how, numbers.reboot, ...magic, commands[how], null);
}
