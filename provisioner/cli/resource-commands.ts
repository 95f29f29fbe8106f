import { Command } from "commander";
import { parse } from "yaml";
import { kindAt } from "../api/catalog.ts";
import { pathOf, type Shown } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { asYaml } from "./documents.ts";
import { columnsOf } from "./kind-columns.ts";
import { printChanges } from "./print-changes.ts";

interface ListOptions {
  readonly selector?: string;
  readonly watch?: boolean;
}

/** What every kind can be asked: list, show, watch, and where people write it also put and delete. */
export function resourceCommand(path: string, context: CommandContext): Command {
  const kind = kindAt(path);
  const root = new Command(path).description(kind.about);
  const columns = () => columnsOf(path, context.io.now());
  const watch = ({ selector }: ListOptions, command: Command) =>
    printChanges(context, command, {
      changes: context.client(command).watch(path, { selector }),
      columns: columns(),
    });
  root
    .command("list", { isDefault: true })
    .description("all of them")
    .option(...selectorOption)
    .option(...watchOption)
    .action(async (options: ListOptions, command: Command) => {
      if (options.watch) return watch(options, command);
      const found = await context.client(command).list(path, { selector: options.selector });
      context.show(command, found, found, columns());
    });
  root
    .command("show <id>")
    .description("one of them, whole")
    .action(async (id: string, _: unknown, command: Command) => {
      const found = await context.client(command).call("GET", pathOf(path, [id]));
      context.tell(command, found, () => asYaml(found));
    });
  root
    .command("watch")
    .description("all of them, and every change as it happens")
    .option(...selectorOption)
    .action(watch);
  if (kind.write !== undefined) addWrites(root, path, context);
  return root;
}

export const selectorOption = ["-l, --selector <labels>", "only those: a=b,c!=d,e in (f,g),h,!i"] as const;
export const watchOption = ["-w, --watch", "and every change, as it happens"] as const;

function addWrites(root: Command, path: string, context: CommandContext): void {
  root
    .command("put <id> <file>")
    .description(
      "makes it so: a YAML or JSON file with `spec`, and `labels` where it has some; - is standard input",
    )
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
