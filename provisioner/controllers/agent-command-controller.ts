import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import { many, shared } from "../../cosi/engine/owns.ts";
import { naming } from "../../cosi/engine/reads.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import { attachedAgent } from "../decisions/attached-agent.ts";
import { type Facts, gatherFacts } from "../decisions/facts.ts";
import { powerWanted } from "../decisions/power-wanted.ts";
import { rebootNeeded } from "../decisions/reboot-needed.ts";
import { AgentOrder } from "../resources/agent-order.ts";
import { AgentReport } from "../resources/agent-report.ts";
import { Machine } from "../resources/machine.ts";
import { machineReads } from "./machine-reads.ts";
import { writersAtOnce } from "./writers-at-once.ts";

const deadlineMs = 5 * 60_000;

/** Has an attached agent make room: for an installation, for the installed system, or for the dark without a BMC. */
export const agentCommandController = ({ clock }: { readonly clock: Pick<Clock, "now"> }) =>
  controller({
    name: "AgentCommand",
    each: Machine,
    reads: {
      ...machineReads,
      orders: naming(AgentOrder, ({ spec }) => [spec.machine]),
      reports: naming(AgentReport, ({ spec }) => [spec.machine]),
    },
    owns: shared(many(AgentOrder)),
    concurrency: writersAtOnce,

    reconcile(machine, { orders, reports, ...records }) {
      const agent = attachedAgent(records.boot);
      const command = commandFor(gatherFacts({ machine, ...records }));
      if (!agent || !command) return { do: "remove", why: "its agent may stay as it is" };
      const { id } = machine.metadata;
      const { what, why } = command;
      // One for each boot: the agent that told of its end never gets a second one.
      const life = machine.metadata.created.getTime().toString(36);
      const orderId = `${id}.${what.is}.${life}.${agent.kernelBootId}`;
      const spec = orders.find(({ metadata }) => metadata.id === orderId)?.spec ?? {
        machine: id,
        kernelBootId: agent.kernelBootId,
        deadline: new Date(clock.now().getTime() + deadlineMs),
        why,
        cancelled: false,
        what,
      };
      const outcome = reports.find(({ metadata }) => metadata.id === orderId)?.spec.outcome;
      const told = outcome && "why" in outcome ? `${why}; its agent says: ${outcome.why}` : why;
      return { do: "set", outputs: { [orderId]: { spec } }, why: told };
    },
  });

type What = Extract<SpecOf<typeof AgentOrder>["what"], { is: "reboot" | "powerOff" }>;

function commandFor(facts: Facts): { readonly what: What; readonly why: string } | undefined {
  const reboot = rebootNeeded(facts);
  if (reboot.is === "byAgent") return { what: { is: "reboot", kexec: false }, why: reboot.why };
  const power = powerWanted(facts);
  // With a BMC that is its matter, and read back.
  if (power.is === "off" && facts.bmc !== "ready") return { what: { is: "powerOff" }, why: power.why };
  return undefined;
}
