import { Argument, type Command } from "commander";
import { stringify } from "yaml";
import { age } from "./age.ts";
import { pathOf, type Shown } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { CommandFailure } from "./exit-codes.ts";
import { labelText } from "./kind-columns.ts";
import { resourceCommand } from "./resource-commands.ts";
import { type Story, storyText } from "./story-text.ts";
import { plain } from "./table.ts";

interface Row {
  readonly machine: Shown;
  readonly status: Shown | undefined;
}

interface Imported {
  readonly machines: readonly { readonly line: number; readonly id: string; readonly do: string }[];
}

const specOf = (shown: Shown | undefined) => (shown?.spec ?? {}) as Readonly<Record<string, unknown>>;
const textOf = (value: unknown) => (typeof value === "string" ? value : "");

/** Verbs without a body, and what each does. */
const plainVerbs = {
  accept: "it may be worked on from now on",
  uncordon: "ends a cordon",
  release: "back to the pool: its disks are wiped",
  wipe: "wipes its disks again",
  reinstall: "wipes its disks and installs it anew",
  retry: "the cause is gone: tries again what was given up",
  resolve: "this machine is the one that it claims to be",
  remove: "forgets it",
} as const;

/** Those that cannot be taken back, and which words say that they are meant. */
const irrevocable: ReadonlySet<string> = new Set(["release", "wipe", "reinstall"]);

export function machinesCommand(context: CommandContext): Command {
  const root = resourceCommand("machines", "machines", context).alias("m");
  const replace = (name: string) => {
    const at = root.commands.findIndex((one) => one.name() === name);
    (root.commands as Command[]).splice(at, 1);
  };
  replace("list");
  replace("show");
  const act = async (ids: readonly string[], action: string, body: unknown, command: Command) => {
    const client = context.client(command);
    for (const id of ids) {
      await client.call("POST", pathOf("machines", [id, "actions", action]), body);
      context.io.note(`${id}: ${action} is asked for`);
    }
  };

  root
    .command("list", { isDefault: true })
    .description("all machines, and where each is in its life")
    .option("-l, --selector <labels>", "only those: a=b,c!=d,e in (f,g),h,!i")
    .option("--stage <stage>", "only those in it")
    .action(async ({ selector, stage }: { selector?: string; stage?: string }, command: Command) => {
      const client = context.client(command);
      const machines = await client.list("machines", { selector });
      const statuses = new Map(
        (await client.list("machine-statuses")).map((status) => [status.metadata.id, status]),
      );
      const rows: Row[] = machines
        .map((machine) => ({ machine, status: statuses.get(machine.metadata.id) }))
        .filter(({ status }) => stage === undefined || specOf(status)["stage"] === stage);
      const value = rows.map(({ machine, status }) => ({ ...machine, status: status?.spec }));
      context.show(command, value, rows, [
        { title: "id", of: ({ machine }) => machine.metadata.id },
        { title: "name", of: ({ machine }) => textOf(specOf(machine)["name"]) },
        { title: "stage", of: ({ status }) => textOf(specOf(status)["stage"]) },
        {
          title: "for",
          of: ({ status }) =>
            status ? age(new Date(textOf(specOf(status)["since"])), context.io.now()) : "",
        },
        { title: "why", of: ({ status }) => textOf(specOf(status)["why"]) },
        { title: "power", of: ({ machine }) => textOf(specOf(machine)["power"]), wide: true },
        { title: "labels", of: ({ machine }) => labelText(machine.metadata.labels), wide: true },
      ]);
    });
  root
    .command("show <machine>")
    .description(
      "its story: what happened, what it waits for, why, since when, what comes next, what you can do",
    )
    .action(async (id: string, _: unknown, command: Command) => {
      const story = (await context.client(command).call("GET", pathOf("machines", [id, "story"]))) as Story;
      context.tell(command, story, () => storyText(story, context.io.now()));
    });
  for (const [verb, about] of Object.entries(plainVerbs)) {
    const command = root.command(`${verb} <machine...>`).description(about);
    if (irrevocable.has(verb)) command.option("--yes", "its data is not needed any more");
    command.action(async (ids: readonly string[], { yes }: { yes?: boolean }, command: Command) => {
      if (irrevocable.has(verb) && !yes) {
        throw new CommandFailure("usage", `${verb} erases the disks of ${ids.join(", ")}: say --yes`);
      }
      await act(ids, verb, {}, command);
    });
  }
  for (const [verb, about] of [
    ["reject", "it is left alone: no boot, no power"],
    ["cordon", "somebody works on its hardware: it is left alone"],
  ] as const) {
    root
      .command(`${verb} <machine...>`)
      .description(about)
      .requiredOption("--why <reason>", "for those who wonder")
      .action((ids: readonly string[], { why }: { why: string }, command: Command) =>
        act(ids, verb, { why }, command),
      );
  }
  for (const [verb, about] of [
    ["assign", "installs what the profile says"],
    ["adopt", "takes it with what is on its disks: nothing is wiped"],
  ] as const) {
    root
      .command(`${verb} <machine...>`)
      .description(about)
      .requiredOption("--profile <name>", "what it shall be")
      .action((ids: readonly string[], { profile }: { profile: string }, command: Command) =>
        act(ids, verb, { profile }, command),
      );
  }
  root
    .command("confirm-installed <machine...>")
    .description("its system is installed, and nothing else would tell")
    .action((ids: readonly string[], _: unknown, command: Command) =>
      act(ids, "confirmInstalled", {}, command),
    );
  const powers = {
    on: "powerOn",
    off: "powerOff",
    automatic: "powerAutomatic",
    cycle: "powerCycle",
  } as const;
  root
    .command("power")
    .description("on and off stay until told otherwise; automatic: on while there is something to do")
    .addArgument(new Argument("<power>").choices(Object.keys(powers)))
    .argument("<machine...>")
    .action((power: keyof typeof powers, ids: readonly string[], _: unknown, command: Command) =>
      act(ids, powers[power], {}, command),
    );
  root
    .command("identify <machine>")
    .description("shines the light on its front")
    .option("--seconds <count>", "how long; 0 turns it off", "60")
    .action((id: string, { seconds }: { seconds: string }, command: Command) =>
      act([id], "identify", { seconds: Number(seconds) }, command),
    );
  root
    .command("label <machine> <labels...>")
    .description("rack=r1 sets a label, rack- takes it away")
    .action(async (id: string, texts: readonly string[], _: unknown, command: Command) => {
      const body = { labels: Object.fromEntries(texts.map(labelChange)) };
      const made = (await context.client(command).call("PATCH", pathOf("machines", [id]), body)) as Shown;
      context.tell(command, made, () => labelText(made.metadata.labels));
    });
  root
    .command("logs <machine>")
    .description("the last lines that it sent")
    .option("-n, --lines <count>", "how many", "200")
    .action(async (id: string, { lines }: { lines: string }, command: Command) => {
      const text = await context.client(command).text(pathOf("machines", [id, "logs"], { lines }));
      context.io.print(text.split("\n").map(plain).join("\n").trimEnd());
    });
  root
    .command("import <file>")
    .description(
      "makes machines known before they are seen: a list in YAML or JSON, or a table in a .csv; all of it or nothing",
    )
    .option("--dry-run", "only say what it would come to")
    .action(async (file: string, { dryRun = false }: { dryRun?: boolean }, command: Command) => {
      const text = await context.io.readFile(file);
      const format = /\.[ct]sv$/.test(file) ? "csv" : "yaml";
      const body = { format, text, dryRun };
      const made = (await context
        .client(command)
        .call("POST", pathOf("machines", ["import"]), body)) as Imported;
      const count = (what: string) => made.machines.filter((one) => one.do === what).length;
      context.show(command, made, made.machines, [
        { title: "line", of: ({ line }) => String(line) },
        { title: "id", of: ({ id }) => id },
        { title: "do", of: (one) => one.do },
      ]);
      const what = `${count("create")} new, ${count("add")} known before`;
      context.io.note(
        dryRun ? `nothing is written; it would be: ${what}` : `${made.machines.length} machines: ${what}`,
      );
    });
  root
    .command("export")
    .description("all machines as `import` takes them, without the passwords of their BMCs")
    .option("-l, --selector <labels>", "only those")
    .action(async ({ selector }: { selector?: string }, command: Command) => {
      const machines = await context.client(command).list("machines", { selector });
      const list = machines.map(({ metadata, spec }) => {
        const { name, identity, admission } = spec as {
          name?: string;
          identity: { uuid?: string; serial?: string; macs: readonly string[] };
          admission: { is: string };
        };
        const { uuid, serial, macs } = identity;
        return { name, uuid, serial, macs, labels: metadata.labels, accept: admission.is === "accepted" };
      });
      context.tell(command, list, () => stringify(JSON.parse(JSON.stringify(list))).trimEnd());
    });
  return root;
}

function labelChange(text: string): [name: string, value: string | null] {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name !== undefined) return [name, value!];
  if (text.endsWith("-")) return [text.slice(0, -1), null];
  throw new CommandFailure("usage", `${text} is no label: write name=value, or name- to take it away`);
}
