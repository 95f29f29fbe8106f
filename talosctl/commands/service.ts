import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import type { ServiceInfo } from "../../api/gen/machine/services_pb.js";
import { Answers } from "../answers.ts";
import type { Connection, Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";

const actions = ["status", "start", "stop", "restart"] as const;
type Action = (typeof actions)[number];

export const serviceCommand = (io: Io): Command =>
  machineCommand("service", "Retrieve the state of a service (or all services), control service state")
    .alias("services")
    .argument("[id]", "the service")
    .argument("[action]", actions.join(", "))
    .action(async (id: string | undefined, action: string | undefined, options: Target) => {
      const wanted = actions.find((it) => it === (action ?? "status"));
      if (!wanted) throw new CommandFailed(`unsupported service action: "${action}"`);
      await withConnection(options, io, (connection) =>
        id === undefined
          ? listServices(connection, io)
          : wanted === "status"
            ? showService(connection, io, id)
            : operate(connection, io, wanted, id),
      );
    });

async function listServices(connection: Connection, io: Io): Promise<void> {
  const { messages } = await connection.calls(MachineService).serviceList({}, connection.all());
  const answers = new Answers(messages, connection);
  const rows = answers.good.flatMap(({ node, answer }) =>
    answer.services.map((service) => {
      const last = service.events?.events.at(-1);
      return [node, service.id, service.state, health(service), ago(last?.ts, io), last?.msg ?? ""];
    }),
  );
  io.out(tableText([["NODE", "SERVICE", "STATE", "HEALTH", "LAST CHANGE", "LAST EVENT"], ...rows]));
  answers.settle();
}

async function showService(connection: Connection, io: Io, id: string): Promise<void> {
  const { messages } = await connection.calls(MachineService).serviceList({}, connection.all());
  const answers = new Answers(messages, connection);
  const found = answers.good.flatMap(({ node, answer }) =>
    answer.services.filter((service) => service.id === id).map((service) => ({ node, service })),
  );
  for (const { node, service } of found) io.out(serviceText(node, service, io));
  answers.settle();
  if (found.length === 0) throw new CommandFailed(`service "${id}" is not registered on any nodes`);
}

/** All that a node tells of a service. */
export function serviceText(node: string, service: ServiceInfo, clock: Pick<Io, "now">): string {
  const events = (service.events?.events ?? []).toReversed();
  const lines = events.map(({ state, msg, ts }) => `[${state}]: ${msg} (${ago(ts, clock)})`);
  return tableText([
    ["NODE", node],
    ["ID", service.id],
    ["STATE", service.state],
    ["HEALTH", health(service)],
    ...(service.health?.lastMessage ? [["LAST HEALTH MESSAGE", service.health.lastMessage]] : []),
    ...lines.map((line, at) => [at === 0 ? "EVENTS" : "", line]),
  ]);
}

async function operate(
  connection: Connection,
  io: Io,
  action: Exclude<Action, "status">,
  id: string,
): Promise<void> {
  const calls = connection.calls(MachineService);
  const call = { start: calls.serviceStart, stop: calls.serviceStop, restart: calls.serviceRestart }[action];
  const { messages } = await call({ id }, connection.all());
  const answers = new Answers<(typeof messages)[number]>(messages, connection);
  io.out(tableText([["NODE", "RESPONSE"], ...answers.good.map(({ node, answer }) => [node, answer.resp])]));
  answers.settle();
}

function health({ health: it }: ServiceInfo): string {
  if (!it || it.unknown) return "?";
  return it.healthy ? "OK" : "Fail";
}

/** As Go prints a duration that is rounded to seconds. */
function ago(ts: Parameters<typeof timestampMs>[0] | undefined, { now }: Pick<Io, "now">): string {
  if (!ts) return "";
  const seconds = Math.max(0, Math.round((now().getTime() - timestampMs(ts)) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts = [
    hours > 0 ? `${hours}h` : "",
    hours > 0 || minutes > 0 ? `${minutes}m` : "",
    `${seconds % 60}s`,
  ];
  return `${parts.join("")} ago`;
}
