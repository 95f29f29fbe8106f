import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Puts those controllers to work that only a node of its own has: they follow the machine config. */
export const nodeControllers: Task<Context> = {
  name: "node controllers",
  async run(context, signal) {
    // Not at the top: an agent does not pay for them.
    const { startNodeControllers } = await import("./start-node-controllers.ts");
    startNodeControllers(context, signal);
  },
};
