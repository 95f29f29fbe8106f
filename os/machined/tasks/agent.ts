import { agentMode } from "../../agent/agent-arguments.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Starts the agent, which looks for its provisioner for as long as the machine runs, if the kernel arguments name one. */
export const agent: Task<Context> = {
  name: "agent",
  async run(context, signal) {
    const { log } = context;
    const mode = agentMode(context.arguments());
    if (mode.is === "off") return;
    if (mode.is === "unusable")
      return log.write("error", `This machine cannot obey a provisioner: ${mode.why}.`);
    // Not at the top: a machine that is no agent does not pay for it.
    const { runAgent } = await import("../../agent/start.ts");
    void runAgent({
      arguments: mode.arguments,
      state: context.state,
      said: (level, text) => log.write(level, text),
      end: context.end,
      faults: context.faults,
      signal,
    }).catch((error: unknown) => context.vitals.lost(`the agent has ended: ${String(error)}`));
  },
};
