import { Command } from "commander";
import { parse, stringify } from "yaml";
import { kindAt } from "../api/catalog.ts";
import { pathOf, type Shown } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { columnsOf } from "./kind-columns.ts";
import { table } from "./table.ts";

/** What every kind can be asked: list, show, watch, and where people write it also put and delete. */
export function resourceCommand(name: string, path: string, context: CommandContext): Command {
  const kind = kindAt(path);
  const root = new Command(name).description(kind.about);
  addList(root, path, context);
  root
    .command("show <id>")
    .description("one of them, whole")
    .action(async (id: string, _: unknown, command: Command) => {
      const found = await context.client(command).call("GET", pathOf(path, [id]));
      context.tell(command, found, () => stringify(found).trimEnd());
    });
  root
    .command("watch")
    .description("every change, as it happens")
    .option("-l, --selector <labels>", "only those: a=b,c!=d")
    .action(async ({ selector }: { selector?: string }, command: Command) =>
      watch(path, { selector }, command),
    );
  if (kind.write !== undefined) {
    root
      .command("put <id> <file>")
      .description("makes it so: a YAML or JSON file with `spec`, and `labels` where it has some")
      .option("--if-version <version>", "only over this one")
      .action(async (id: string, file: string, options: { ifVersion?: string }, command: Command) => {
        const sent = parse(await context.io.readFile(file)) as Partial<Shown> & { labels?: unknown };
        const labels = sent.labels ?? sent.metadata?.labels;
        const body = { spec: sent.spec, ...(labels !== undefined && { labels }) };
        const headers = options.ifVersion === undefined ? {} : { "if-match": `"${options.ifVersion}"` };
        const made = (await context.client(command).call("PUT", pathOf(path, [id]), body, headers)) as Shown;
        context.tell(command, made, () => `${id} is at version ${made.metadata.version}`);
      });
    root
      .command("delete <id...>")
      .description("removes them")
      .action(async (ids: readonly string[], _: unknown, command: Command) => {
        for (const id of ids) {
          await context.client(command).call("DELETE", pathOf(path, [id]));
          context.io.note(`${id} is removed`);
        }
      });
  }
  return root;

  async function watch(kind: string, query: { selector?: string | undefined }, command: Command) {
    const columns = columnsOf(kind, context.io.now());
    for await (const { type, resource } of context.client(command).watch(kind, query)) {
      if (context.format(command) === "json") context.io.print(JSON.stringify({ type, resource }));
      else {
        const [, line = ""] = table([resource], columns, { width: undefined, wide: false }).split("\n");
        context.io.print(`${type.padEnd(9)}  ${line}`);
      }
    }
  }
}

function addList(root: Command, path: string, context: CommandContext): void {
  root
    .command("list", { isDefault: true })
    .description("all of them")
    .option("-l, --selector <labels>", "only those: a=b,c!=d,e in (f,g),h,!i")
    .action(async ({ selector }: { selector?: string }, command: Command) => {
      const found = await context.client(command).list(path, { selector });
      context.show(command, found, found, columnsOf(path, context.io.now()));
    });
}
