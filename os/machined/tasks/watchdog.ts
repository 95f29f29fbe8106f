import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";
import { petWatchdog } from "../watchdog.ts";

/** As soon as there may be one: a boot that hangs ends, too. */
export const watchdog: Task<Context> = {
  name: "watchdog",
  run: ({ log, vitals }) => petWatchdog({ log, check: () => vitals.check() }),
};
