import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** The name is what clients of the API wait for. */
export const stopAllServices: Task<Context> = {
  name: "stopAllServices",
  run: ({ services }) => services.disposeAsync(),
};

export const closeEverything: Task<Context> = {
  name: "closeEverything",
  run: ({ closing }) => closing.disposeAsync(),
};
