// Commands that show what a machine says, as it says it.
import { create, fromBinary } from "@bufbuild/protobuf";
import { type Command, Option } from "commander";
import { ContainerDriver } from "../../api/gen/common/common_pb.js";
import {
  AddressEventSchema,
  ConfigLoadErrorEventSchema,
  ConfigValidationErrorEventSchema,
  type Event,
  EventsRequestSchema,
  MachineStatusEventSchema,
  PhaseEvent_Action,
  PhaseEventSchema,
  SequenceEvent_Action,
  SequenceEventSchema,
  ServiceStateEvent_Action,
  ServiceStateEventSchema,
  MachineStatusEvent_MachineStage as Stage,
  TaskEvent_Action,
  TaskEventSchema,
} from "../../api/gen/machine/events_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { eachOf } from "../answers.ts";
import type { Target } from "../connection.ts";
import { parseDuration } from "../duration.ts";
import { CommandFailed, type Io } from "../io.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";

export const dmesgCommand = (io: Io): Command =>
  machineCommand("dmesg", "Retrieve kernel logs")
    .option("-f, --follow", "go on with what comes", false)
    .option("--tail", "only what is new (with --follow)", false)
    .action(async ({ follow, tail, ...target }: Target & { follow: boolean; tail: boolean }) =>
      withConnection(target, io, async (connection) => {
        const stream = connection.calls(MachineService).dmesg({ follow, tail }, connection.stream());
        await eachOf(stream, connection, io, ({ node, answer }) =>
          io.out(`${node}: ${Buffer.from(answer.bytes).toString()}`),
        );
      }),
    );

export const logsCommand = (io: Io): Command =>
  machineCommand("logs", "Retrieve logs for a service")
    .argument("<service>")
    .option("-f, --follow", "go on with what comes", false)
    .option("-k, --kubernetes", "a container of Kubernetes", false)
    .addOption(new Option("--tail <lines>", "how many of the last lines").argParser(Number).default(-1))
    .action(
      async (
        id: string,
        options: Target & { follow: boolean; kubernetes: boolean; tail: number },
      ): Promise<void> =>
        withConnection(options, io, async (connection) => {
          const { follow, kubernetes, tail: tailLines } = options;
          const request = {
            ...{ id, follow, tailLines, namespace: kubernetes ? "k8s.io" : "system" },
            driver: kubernetes ? ContainerDriver.CRI : ContainerDriver.CONTAINERD,
          };
          const lines = new Map<string, string>();
          const show = (node: string, text: string) => {
            const parts = ((lines.get(node) ?? "") + text).split("\n");
            lines.set(node, parts.pop()!);
            for (const part of parts) io.out(`${node}: ${part}\n`);
          };
          const stream = connection.calls(MachineService).logs(request, connection.stream());
          await eachOf(stream, connection, io, ({ node, answer }) =>
            show(node, Buffer.from(answer.bytes).toString()),
          );
          for (const [node, rest] of lines) if (rest !== "") io.out(`${node}: ${rest}\n`);
        }),
    );

interface EventsOptions extends Target {
  readonly tail: number;
  readonly duration?: string;
  readonly since?: string;
  readonly actorId?: string;
}

export const eventsCommand = (io: Io): Command =>
  machineCommand("events", "Stream runtime events")
    .addOption(
      new Option("--tail <count>", "how many past events; -1 for all that are kept")
        .argParser(Number)
        .default(0),
    )
    .option("--duration <duration>", "the events of the time that is past, such as 10m")
    .option("--since <id>", "the events after this one")
    .option("--actor-id <id>", "only those of one request")
    .action(async (options: EventsOptions) =>
      withConnection(options, io, async (connection) => {
        const request = create(EventsRequestSchema, {
          tailEvents: options.tail,
          tailId: options.since ?? "",
          tailSeconds: options.duration ? Math.round(parseDuration(options.duration) / 1000) : 0,
          withActorId: options.actorId ?? "",
        });
        io.out(tableText([["NODE", "ID", "EVENT", "ACTOR", "SOURCE", "MESSAGE"]]));
        const stream = connection.calls(MachineService).events(request, connection.stream());
        await eachOf(stream, connection, io, ({ node, answer }) => {
          const text = eventText(answer);
          if (text)
            io.out(tableText([[node, answer.id, answer.data?.typeUrl ?? "", answer.actorId, ...text]]));
        });
      }),
    );

const typePrefix = "talos/runtime/";

/** What it is about, and what it says; undefined for the greeting, and for what a newer machine tells. */
export function eventText({ data }: Event): readonly [source: string, message: string] | undefined {
  const reader = readers[data?.typeUrl.replace(typePrefix, "") ?? ""];
  return reader?.(data!.value);
}

const readers: Readonly<Record<string, (bytes: Uint8Array) => readonly [string, string]>> = {
  [SequenceEventSchema.typeName]: (bytes) => {
    const { sequence, action, error } = fromBinary(SequenceEventSchema, bytes);
    return [sequence, error ? `error: ${error.message}` : SequenceEvent_Action[action]];
  },
  [PhaseEventSchema.typeName]: (bytes) => {
    const { phase, action } = fromBinary(PhaseEventSchema, bytes);
    return [phase, PhaseEvent_Action[action]];
  },
  [TaskEventSchema.typeName]: (bytes) => {
    const { task, action } = fromBinary(TaskEventSchema, bytes);
    return [task, TaskEvent_Action[action]];
  },
  [ServiceStateEventSchema.typeName]: (bytes) => {
    const { service, action, message } = fromBinary(ServiceStateEventSchema, bytes);
    return [service, `${ServiceStateEvent_Action[action]}: ${message}`];
  },
  [ConfigLoadErrorEventSchema.typeName]: (bytes) => [
    "error",
    fromBinary(ConfigLoadErrorEventSchema, bytes).error,
  ],
  [ConfigValidationErrorEventSchema.typeName]: (bytes) => [
    "error",
    fromBinary(ConfigValidationErrorEventSchema, bytes).error,
  ],
  [AddressEventSchema.typeName]: (bytes) => {
    const { hostname, addresses } = fromBinary(AddressEventSchema, bytes);
    return [hostname, `ADDRESSES: ${addresses.join(",")}`];
  },
  [MachineStatusEventSchema.typeName]: (bytes) => {
    const { stage, status } = fromBinary(MachineStatusEventSchema, bytes);
    const unmet = status?.unmetConditions.map(({ name }) => name).join(" ") ?? "";
    return [Stage[stage], `ready: ${status?.ready ?? false}, unmet conditions: [${unmet}]`];
  },
};

export function assertOneNode(nodes: readonly string[], command: string): void {
  if (nodes.length !== 1)
    throw new CommandFailed(`command "${command}" is not supported with multiple nodes`);
}
