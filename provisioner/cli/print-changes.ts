import type { Command } from "commander";
import type { Change, Shown } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { asJson, asYaml } from "./documents.ts";
import type { Column, Table } from "./table.ts";

export interface Changes {
  readonly changes: AsyncIterable<Change>;
  readonly columns: readonly Column<Shown>[];
}

/** A table of what is there, and then a line for every change; as JSON or YAML each change is a document. */
export async function printChanges(
  context: CommandContext,
  command: Command,
  { changes, columns }: Changes,
): Promise<void> {
  const { print } = context.io;
  const format = context.format(command);
  const first: Shown[] = [];
  let table: Table<Shown> | undefined;
  for await (const change of changes) {
    if (format === "json" && change.type !== "bootstrapped") print(asJson(change));
    else if (format === "yaml" && change.type !== "bootstrapped") print(`---\n${asYaml(change)}`);
    else if (format === "json" || format === "yaml") continue;
    else if (change.type === "bootstrapped") {
      table = context.table(command, columns, first);
      print([table.heading(), ...first.map((row) => table!.row(row))].join("\n"));
    } else if (table === undefined) first.push(change.resource);
    else if (change.type === "destroyed") print(`${change.resource.metadata.id} is gone`);
    else print(table.row(change.resource));
  }
}
