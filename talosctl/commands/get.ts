import { type Command, Option } from "commander";
import type { ResourceDefinitionSpec } from "../../api/gen/cosi/meta_pb.js";
import { EventType, State } from "../../api/gen/cosi/state_pb.js";
import { eachNode } from "../answers.ts";
import { type Connection, callFailure, type Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { jsonPath } from "../json-path.ts";
import { resourceText } from "../resource-text.ts";
import { findDefinition, type Resource, readResource } from "../resources.ts";
import { tableText } from "../table.ts";
import { alsoInsecure, machineCommand, withConnection } from "./command.ts";

interface Options extends Target {
  readonly namespace?: string;
  readonly output: string;
  readonly watch?: boolean;
}

interface Wanted {
  readonly definition: ResourceDefinitionSpec;
  readonly namespace: string;
  readonly type: string;
  readonly id: string | undefined;
}

export const getCommand = (io: Io): Command =>
  alsoInsecure(
    machineCommand(
      "get",
      "Get a specific resource or list of resources (use 'talosctl get rd' to see all available resource types).",
    ),
  )
    .argument("<type>", "any of its names")
    .argument("[id]")
    .option("--namespace <namespace>", "instead of the type's own")
    .addOption(new Option("-o, --output <mode>", "json, table, yaml or jsonpath=…").default("table"))
    .option("-w, --watch", "watch resource changes")
    .action(async (name: string, id: string | undefined, options: Options) => {
      if (!/^(table|yaml|json|jsonpath=.*)$/s.test(options.output)) {
        throw new CommandFailed(`output format "${options.output}" is not supported`);
      }
      await withConnection(options, io, async (connection) => {
        const definition = await findDefinition(connection, connection.nodes[0]!, name).catch(
          (error: unknown) => {
            throw error instanceof CommandFailed
              ? error
              : new CommandFailed(callFailure(error), { cause: error });
          },
        );
        const { resourceType: type, defaultNamespace } = definition;
        const wanted = { definition, type, id, namespace: options.namespace ?? defaultNamespace };
        if (options.watch) await watchAll(connection, io, wanted, options.output);
        else await showAll(connection, io, wanted, options.output);
      });
    });

async function showAll(connection: Connection, io: Io, wanted: Wanted, output: string): Promise<void> {
  const { good, settle } = await eachNode(connection, (node) => fetchAll(connection, node, wanted));
  if (output === "table") {
    const rows = good.flatMap(({ node, answer }) =>
      answer.map((resource) => [node, ...cells(wanted.definition, resource)]),
    );
    io.out(tableText([["NODE", ...heading(wanted.definition)], ...rows]));
  } else {
    for (const { node, answer } of good) {
      for (const [at, resource] of answer.entries()) {
        if (output === "yaml" && at > 0) io.out("---\n");
        io.out(textOf(output, node, resource));
      }
    }
  }
  settle();
}

async function fetchAll(
  connection: Connection,
  node: string,
  { namespace, type, id }: Wanted,
): Promise<Resource[]> {
  const calls = connection.calls(State);
  if (id !== undefined) {
    const { resource } = await calls.get({ namespace, type, id }, connection.at(node));
    return [readResource(resource)];
  }
  const found = await Array.fromAsync(calls.list({ namespace, type }, connection.at(node)), ({ resource }) =>
    readResource(resource),
  );
  return found.sort((a, b) => (a.metadata.id < b.metadata.id ? -1 : 1));
}

const marks = new Map([
  [EventType.CREATED, "+"],
  [EventType.UPDATED, " "],
  [EventType.DESTROYED, "-"],
]);

async function watchAll(connection: Connection, io: Io, wanted: Wanted, output: string): Promise<void> {
  if (output === "table") io.out(tableText([["NODE", "*", ...heading(wanted.definition)]]));
  const { settle } = await eachNode(connection, async (node) => {
    const { namespace, type, id } = wanted;
    const request = {
      ...{ namespace, type, apiVersion: 1 },
      ...(id === undefined ? { options: { bootstrapContents: true } } : { id }),
    };
    const { metadata, signal } = connection.at(node);
    try {
      for await (const { event: events } of connection.calls(State).watch(request, { metadata, signal })) {
        for (const { eventType, resource: wire } of events) {
          const mark = marks.get(eventType);
          if (mark === undefined || wire?.metadata?.version === "undefined") continue;
          const resource = readResource(wire);
          if (output === "table") io.out(tableText([[node, mark, ...cells(wanted.definition, resource)]]));
          else io.out(textOf(output, node, resource));
        }
      }
    } catch (error) {
      if (!io.signal.aborted) throw error;
    }
  });
  settle();
}

const heading = ({ printColumns }: ResourceDefinitionSpec): string[] => [
  ...["NAMESPACE", "TYPE", "ID", "VERSION"],
  ...printColumns.map(({ name }) => name.toUpperCase()),
];

const cells = (
  { displayType, printColumns }: ResourceDefinitionSpec,
  { metadata, spec }: Resource,
): string[] => [
  ...[String(metadata["namespace"]), displayType, metadata.id, String(metadata.version)],
  ...printColumns.map(({ jsonPath: path }) => jsonPath(path, spec)),
];

function textOf(output: string, node: string, { metadata, spec }: Resource): string {
  if (output === "yaml") return resourceText(node, { metadata, spec });
  const owner = metadata["owner"] === "" ? null : metadata["owner"];
  const whole = { metadata: { ...metadata, owner, version: Number(metadata.version) }, node, spec };
  if (output === "json") return `${JSON.stringify(sorted(whole), undefined, 4)}\n`;
  return `${jsonPath(output.slice("jsonpath=".length), whole)}\n`;
}

/** By name, as Go prints them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
}
