import { existsSync, openSync, writeSync } from "node:fs";
import type { Log } from "./log.ts";

// Linux, Documentation/watchdog/watchdog-api.rst: opening starts it, any write pets it, 60 s unless told otherwise.
const device = "/dev/watchdog";
const petEveryMs = 10_000;

/**
 * Pets the hardware watchdog for as long as this process turns its event loop: a hung PID 1 is a reset machine.
 * Runs also without a watchdog, since it is what keeps the loop turning.
 */
export function petWatchdog(log: Log): void {
  const fd = existsSync(device) ? openSync(device, "w") : undefined;
  log.write("info", fd === undefined ? "no hardware watchdog" : "hardware watchdog started");
  setInterval(() => fd !== undefined && writeSync(fd, "."), petEveryMs);
}
