import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** As soon as there may be one: a boot that hangs ends, too. */
export const watchdog: Task<Context> = {
  name: "watchdog",
  run: ({ watchdog }) => watchdog.start(),
};
