import { setTimeout as sleep } from "node:timers/promises";
import { agentMode } from "../../agent/agent-arguments.ts";
import { AgentStatus } from "../../resources/runtime/agent.ts";
import { awaitAddress } from "../await-address.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** How long a machine whose disks are found waits for its hello before it reports to itself. */
const patienceMs = 5_000;

/** Starts the agent, which looks for its provisioner for as long as the machine runs, if the kernel arguments name one. */
export const agent: Task<Context> = {
  name: "agent",
  async run(context, signal) {
    const { log, disks } = context;
    const state = context.state.as("Agent");
    const keep = async (says: string) => {
      if ((await state.find(AgentStatus, "agent"))?.spec.says !== says)
        await state.set(AgentStatus, "agent", { spec: { says } });
    };
    const mode = agentMode(context.arguments());
    if (mode.is === "off") return;
    if (mode.is === "unusable")
      return log.write("error", `This machine cannot obey a provisioner: ${mode.why}.`);
    // Not at the top: a machine that is no agent does not pay for it.
    const { runAgent } = await import("../../agent/start.ts");
    const greeted = Promise.withResolvers<void>();
    void runAgent({
      arguments: mode.arguments,
      state: context.state,
      address: awaitAddress(context.state, signal),
      disks: disks.promise,
      greeted: greeted.resolve,
      said: (level, text) => {
        log.write(level, text);
        // What goes wrong stands among the last problems.
        void keep(level === "info" ? text : "").catch((error: unknown) => log.write("warn", String(error)));
      },
      noted: (level, text) => log.write(level, text),
      end: context.end,
      faults: context.faults,
      signal,
    }).catch((error: unknown) => context.vitals.lost(`the agent has ended: ${String(error)}`));
    // What follows leaves the processors to the hello, and does not wait for a provisioner that is not there.
    const patience = new AbortController();
    const late = disks.promise.then(() => sleep(patienceMs, undefined, { signal: patience.signal }));
    await Promise.race([greeted.promise, late]).finally(() => patience.abort());
    await late.catch(() => undefined);
  },
};
