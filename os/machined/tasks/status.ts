import type { ResourceType } from "../../../cosi/resource.ts";
import { agentMode } from "../../agent/agent-arguments.ts";
import { Screen } from "../../kernel/screen.ts";
import { SystemInformation } from "../../resources/hardware/machine.ts";
import { LinkStatus } from "../../resources/network/link.ts";
import { HostnameStatus } from "../../resources/network/names.ts";
import { LinkNeighbor } from "../../resources/network/neighbor.ts";
import { NetworkStatus, NodeAddress } from "../../resources/network/node.ts";
import { AgentStatus } from "../../resources/runtime/agent.ts";
import { TimeStatus } from "../../resources/time-status.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";
import { type Status, statusLines, statusSummary } from "../status-lines.ts";

/** Several changes in a row are shown once. */
const settleMs = 300;
/** Problems come without a resource changing. */
const refreshMs = 5000;

/** Shows how the machine is doing: on its own screen always, in the log when it changes. */
export const status: Task<Context> = {
  name: "status",
  run(context, signal) {
    const { state, log, faults } = context;
    const screen = openScreen(log);
    let over = false;
    let summary = "";
    let timer: NodeJS.Timeout | undefined;
    const show = async () => {
      timer = undefined;
      const now = await statusOf(context);
      if (over) return;
      screen?.show(statusLines(now));
      if (statusSummary(now) !== summary) log.write("info", statusSummary(now));
      summary = statusSummary(now);
    };
    const soon = () => {
      if (over) return;
      timer ??= setTimeout(
        () =>
          void show().catch((error: unknown) =>
            log.write("error", `Cannot show the status: ${String(error)}`),
          ),
        settleMs,
      );
    };
    const follow = async (type: ResourceType) => {
      for await (const _ of state.watch(type, { signal })) soon();
    };
    for (const type of shown) void follow(type);
    const refresh = setInterval(soon, refreshMs);
    const stop = () => {
      over = true;
      clearInterval(refresh);
      clearTimeout(timer);
    };
    // The reason of a fault takes the place of the status.
    faults.listen(stop);
    signal.addEventListener("abort", stop);
  },
};

const shown: readonly ResourceType[] = [
  LinkStatus,
  HostnameStatus,
  LinkNeighbor,
  NetworkStatus,
  NodeAddress,
  SystemInformation,
  TimeStatus,
  AgentStatus,
];

/** A machine without one is still a machine. */
function openScreen(log: Context["log"]): Screen | undefined {
  try {
    return new Screen();
  } catch (error) {
    log.write("debug", error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

async function statusOf({ state, log, life, arguments: args }: Context): Promise<Status> {
  const specs = async <Type extends ResourceType>(type: Type) => (await state.list(type)).resources;
  const [links, neighbors, names, networks, addresses, systems, times, agents] = await Promise.all([
    specs(LinkStatus),
    specs(LinkNeighbor),
    specs(HostnameStatus),
    specs(NetworkStatus),
    specs(NodeAddress),
    specs(SystemInformation),
    specs(TimeStatus),
    specs(AgentStatus),
  ]);
  const mode = agentMode(args());
  const system = systems[0]?.spec;
  const time = times[0]?.spec;
  return {
    mode: life() ?? "starting",
    hostname: names[0]?.spec.hostname ?? "",
    machine: [system?.manufacturer, system?.productName].filter(Boolean).join(" "),
    machineId: system?.uuid ?? "",
    provisioner: provisionerOf(mode),
    addresses: addresses.find(({ metadata }) => metadata.id === "current")?.spec.addresses ?? [],
    links: links
      .filter(({ spec }) => spec.physical)
      .map(({ metadata: { id: name }, spec: { linkState, speedMbit } }) => {
        const neighbor = neighbors.find(({ metadata }) => metadata.id === name)?.spec;
        const where = neighbor ? `${neighbor.systemName || neighbor.chassisId} ${neighbor.portId}` : "";
        return { name, plugged: linkState, speedMbit, neighbor: where };
      }),
    time: time?.synced ? `as ${time.server} has it` : "the machine's own, compared with nobody's yet",
    // A machine that its provisioner hears has all of the network that it needs.
    waitingFor: agents[0]?.spec.says || (networks[0]?.spec.waitingFor ?? ""),
    problems: log.problems.map(({ at, text }) => ({ at: at.toISOString().slice(11, 19), text })),
  };
}

function provisionerOf(mode: ReturnType<typeof agentMode>): string | undefined {
  if (mode.is === "off") return undefined;
  return mode.is === "unusable" ? `unusable: ${mode.why}` : `${mode.arguments.host}:${mode.arguments.port}`;
}
