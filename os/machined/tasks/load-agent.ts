import { agentMode } from "../../agent/agent-arguments.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Reads the agent's program while drivers wait for their devices, so that nobody waits for it afterwards. */
export const loadAgent: Task<Context> = {
  name: "loading the agent",
  async run(context) {
    if (agentMode(context.arguments()).is === "agent") await import("../../agent/start.ts");
  },
};
