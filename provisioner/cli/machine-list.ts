// `ingot machines`: each machine with where it is in its life.
import type { Command } from "commander";
import type { Stage } from "../resources/stages.ts";
import { age } from "./age.ts";
import type { ApiClient, Change, Shown } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { labelText } from "./kind-columns.ts";
import { printChanges } from "./print-changes.ts";
import { stageStyle } from "./stage-style.ts";
import type { Column } from "./table.ts";

interface ListOptions {
  readonly selector?: string;
  readonly stage?: string;
  readonly watch?: boolean;
}

/** A machine with its status. */
interface Listed extends Shown {
  readonly spec: { readonly name?: string; readonly power: string };
  readonly status?: { readonly stage: Stage; readonly since: string; readonly why: string } | undefined;
}

export async function listMachines(
  context: CommandContext,
  { selector, stage, watch }: ListOptions,
  command: Command,
): Promise<void> {
  const client = context.client(command);
  const columns = columnsAt(context.io.now);
  const isWanted = ({ status }: Listed) => stage === undefined || status?.stage === stage;
  if (watch) {
    const changes = joined(client, selector, isWanted);
    return printChanges(context, command, { changes, columns: columns as readonly Column<Shown>[] });
  }
  const [machines, all] = [
    await client.list("machines", { selector }),
    await client.list("machine-statuses"),
  ];
  const statuses = new Map(all.map((status) => [status.metadata.id, status]));
  const listed = machines
    .map((machine) => listedAs(machine, statuses.get(machine.metadata.id)))
    .filter(isWanted);
  context.show(command, listed, listed, columns);
}

const listedAs = (machine: Shown, status: Shown | undefined): Listed =>
  ({ ...machine, ...(status && { status: status.spec }) }) as Listed;

const columnsAt = (now: () => Date): readonly Column<Listed>[] => [
  { title: "id", of: ({ metadata }) => metadata.id },
  { title: "name", of: ({ spec }) => spec.name ?? "" },
  { title: "stage", of: ({ status }) => status?.stage ?? "", style: stageStyle },
  { title: "for", of: ({ status }) => (status ? age(new Date(status.since), now()) : "") },
  { title: "why", of: ({ status }) => status?.why ?? "" },
  { title: "power", of: ({ spec }) => spec.power, wide: true },
  { title: "labels", of: ({ metadata }) => labelText(metadata.labels), wide: true },
];

/** Of machines that are wanted, every change of what is shown of them. */
async function* joined(
  client: ApiClient,
  selector: string | undefined,
  isWanted: (listed: Listed) => boolean,
): AsyncGenerator<Change, void, undefined> {
  const machines = new Map<string, Shown>();
  const statuses = new Map<string, Shown>();
  const streams = [
    { known: machines, changes: client.watch("machines", { selector }) },
    { known: statuses, changes: client.watch("machine-statuses", {}) },
  ];
  let bootstrapped = 0;
  for await (const { known, change } of merged(streams)) {
    if (change.type === "bootstrapped") {
      bootstrapped += 1;
      if (bootstrapped < streams.length) continue;
      const all = [...machines.values()].map((machine) =>
        listedAs(machine, statuses.get(machine.metadata.id)),
      );
      for (const resource of all.filter(isWanted)) yield { type: "created", resource };
      yield change;
      continue;
    }
    const { id } = change.resource.metadata;
    const machine = machines.get(id) ?? (known === machines ? change.resource : undefined);
    if (change.type === "destroyed") known.delete(id);
    else known.set(id, change.resource);
    if (bootstrapped < streams.length || machine === undefined) continue;
    const listed = listedAs(machines.get(id) ?? machine, statuses.get(id));
    if (change.type === "destroyed") {
      if (known === machines) yield { type: "destroyed", resource: listed };
    } else if (isWanted(listed)) yield { type: "updated", resource: listed };
  }
}

/** What several streams say, in the order in which it arrives. */
async function* merged<Stream extends { readonly changes: AsyncIterator<Change> }>(
  streams: readonly Stream[],
): AsyncGenerator<Stream & { readonly change: Change }, void, undefined> {
  const ask = async (stream: Stream) => ({ stream, next: await stream.changes.next() });
  const asked = new Map(streams.map((stream) => [stream, ask(stream)]));
  while (asked.size > 0) {
    const { stream, next } = await Promise.race(asked.values());
    if (next.done) asked.delete(stream);
    else {
      asked.set(stream, ask(stream));
      yield { ...stream, change: next.value };
    }
  }
}
