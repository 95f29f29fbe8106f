import { Command } from "commander";
import { printable } from "../printable.ts";
import { pathOf, type Shown } from "./api-client.ts";
import type { CommandContext, Connection } from "./command-io.ts";
import { asYaml } from "./documents.ts";
import { CommandFailure } from "./exit-codes.ts";
import { labelText } from "./kind-columns.ts";
import { listMachines } from "./machine-list.ts";
import { addMachineVerbs } from "./machine-verbs.ts";
import { selectorOption, watchOption } from "./resource-commands.ts";
import { type Story, storyText } from "./story-text.ts";
import { addTalosconfigCommand } from "./talosconfig-command.ts";

interface Imported {
  readonly machines: readonly { readonly line: number; readonly id: string; readonly do: string }[];
}

export function machinesCommand(context: CommandContext): Command {
  const root = new Command("machines")
    .alias("m")
    .description("machines: what they are, and what they shall be");
  type ListOptions = Parameters<typeof listMachines>[1];
  root
    .command("list", { isDefault: true })
    .description("all machines, and where each is in its life")
    .option(...selectorOption)
    .option("--stage <stage>", "only those in it")
    .option(...watchOption)
    .action((options: ListOptions, command: Command) => listMachines(context, options, command));
  root
    .command("watch")
    .description("all machines, and every change as it happens")
    .option(...selectorOption)
    .option("--stage <stage>", "only those in it")
    .action((options: ListOptions, command: Command) =>
      listMachines(context, { ...options, watch: true }, command),
    );
  root
    .command("show <machine>")
    .description(
      "its story: what happened, what it waits for, why, since when, what comes next, what you can do",
    )
    .action(async (id: string, _: unknown, command: Command) => {
      const story = (await context.client(command).call("GET", pathOf("machines", [id, "story"]))) as Story;
      context.tell(command, story, () => storyText(story, context.io));
    });
  addMachineVerbs(root, context);
  root
    .command("label <machine> <labels...>")
    .description("rack=r1 sets a label, rack- takes it away")
    .action(async (id: string, texts: readonly string[], _: unknown, command: Command) => {
      const body = { labels: Object.fromEntries(texts.map(labelChange)) };
      const made = (await context.client(command).call("PATCH", pathOf("machines", [id]), body)) as Shown;
      context.tell(command, made, () => labelText(made.metadata.labels));
    });
  root
    .command("console <machine>")
    .description("its serial console, over its BMC; Enter ~ . leaves it")
    .option("--take-over", "from another session that has it, and may be long gone")
    .action(async (id: string, { takeOver }: { takeOver?: boolean }, command: Command) => {
      const path = pathOf("machines", [id, "console"], { takeOver: takeOver ? "true" : undefined });
      await context.io.joinConsole(command.optsWithGlobals<Connection>(), path);
    });
  root
    .command("logs <machine>")
    .description("the last lines that it sent")
    .option("-n, --lines <count>", "how many", "200")
    .action(async (id: string, { lines }: { lines: string }, command: Command) => {
      const text = await context.client(command).text(pathOf("machines", [id, "logs"], { lines }));
      context.io.print(text.split("\n").map(printable).join("\n").trimEnd());
    });
  root
    .command("import <file>")
    .description(
      "makes machines known before they are seen: a list in YAML or JSON, or a table in a .csv; all or nothing",
    )
    .option("--dry-run", "only say what it would come to")
    .action(async (file: string, { dryRun = false }: { dryRun?: boolean }, command: Command) => {
      const text = await context.io.readFile(file);
      const format = /\.[ct]sv$/.test(file) ? "csv" : "yaml";
      const body = { format, text, dryRun };
      const made = (await context
        .client(command)
        .call("POST", pathOf("machines", ["import"]), body)) as Imported;
      context.show(command, made, made.machines, [
        { title: "line", of: ({ line }) => String(line) },
        { title: "id", of: ({ id }) => id },
        { title: "do", of: (one) => one.do },
      ]);
      const count = (what: string) => made.machines.filter((one) => one.do === what).length;
      const what = `${count("create")} new, ${count("add")} known before`;
      context.io.note(
        dryRun ? `nothing is written; it would be: ${what}` : `${made.machines.length} machines: ${what}`,
      );
    });
  root
    .command("export")
    .description("all machines as `import` takes them, without the passwords of their BMCs")
    .option(...selectorOption)
    .action(async ({ selector }: { selector?: string }, command: Command) => {
      const machines = await context.client(command).list("machines", { selector });
      // As JSON has it: what is not there is left out.
      const list = JSON.parse(JSON.stringify(machines.map(exported))) as unknown;
      context.tell(command, list, () => asYaml(list));
    });
  addTalosconfigCommand(root, context);
  return root;
}

function exported({ metadata, spec }: Shown) {
  const { name, identity, admission } = spec as {
    readonly name?: string;
    readonly identity: { readonly uuid?: string; readonly serial?: string; readonly macs: readonly string[] };
    readonly admission: { readonly is: string };
  };
  const { uuid, serial, macs } = identity;
  return { name, uuid, serial, macs, labels: metadata.labels, accept: admission.is === "accepted" };
}

function labelChange(text: string): [name: string, value: string | null] {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name !== undefined) return [name, value!];
  if (text.endsWith("-")) return [text.slice(0, -1), null];
  throw new CommandFailure("usage", `${text} is no label: write name=value, or name- to take it away`);
}
