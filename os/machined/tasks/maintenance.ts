import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";
import { maintenanceTask } from "../stage.ts";

/** Waits, with the API open to anyone, for somebody to apply a config. */
export const runningMaintenance: Task<Context> = {
  name: maintenanceTask,
  async run(context, signal) {
    // Not at the top: an agent does not pay for it.
    const { untilConfigured } = await import("./running-maintenance.ts");
    await untilConfigured(context, signal);
  },
};
