import { existsSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Log } from "./log.ts";

// Linux, Documentation/watchdog/watchdog-api.rst: opening starts it, any write pets it, 60 s unless told otherwise.
const device = "/dev/watchdog";
const timeoutFile = "/sys/class/watchdog/watchdog0/timeout";
const petEveryMs = 10_000;

export interface WatchdogOptions {
  readonly log: Log;
  /** Why the machine should be reset; undefined while all is well. What never answers is not well. */
  readonly check: () => Promise<string | undefined>;
}

/**
 * Pets the hardware watchdog while all is well: a node that hangs is reset by it. Runs also without a watchdog, since
 * it is what keeps the event loop turning.
 */
export function petWatchdog({ log, check }: WatchdogOptions): void {
  const fd = existsSync(device) ? openSync(device, "w") : undefined;
  log.write("info", fd === undefined ? "no hardware watchdog" : "hardware watchdog started");
  const pet = petting({ log, check, pet: () => fd !== undefined && writeSync(fd, ".") });
  void pet();
  setInterval(() => void pet(), fd === undefined ? petEveryMs : Math.min(petEveryMs, timeoutMs() / 3));
}

/** Some bite after a few seconds. */
function timeoutMs(): number {
  try {
    return Number(readFileSync(timeoutFile, "utf8")) * 1000 || Infinity;
  } catch {
    return Infinity;
  }
}

/** One look: pets when all is well, and not at all while the last look has not come back. Exported for its test. */
export function petting({ log, check, pet }: WatchdogOptions & { pet: () => void }): () => Promise<void> {
  let looking = false;
  let complained = false;
  return async () => {
    if (looking) return;
    looking = true;
    const why = await check();
    looking = false;
    if (why === undefined) return pet();
    if (!complained) log.write("error", `the watchdog is left to reset the machine: ${why}`);
    complained = true;
  };
}
