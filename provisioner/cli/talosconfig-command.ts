import type { Command } from "commander";
import { Option } from "commander";
import { roles } from "../resources/roles.ts";
import { pathOf } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { CommandFailure } from "./exit-codes.ts";

interface Options {
  readonly role?: string;
  readonly hours: string;
  readonly file: string;
}

/** `ingot machines talosconfig`: the certificate goes into a file, and nowhere else. */
export function addTalosconfigCommand(root: Command, context: CommandContext): void {
  root
    .command("talosconfig [machine...]")
    .description("what talosctl needs to operate these machines' nodes, or all: contexts in a talosconfig")
    .addOption(new Option("--role <role>", "on the nodes; that of the token unless told").choices([...roles]))
    .option("--hours <count>", "how long it is good for", "12")
    .option("--file <path>", "where it goes: contexts of other clusters in it stay", "talosconfig")
    .action(async (machines: readonly string[], { role, hours, file }: Options, command: Command) => {
      const hoursLong = Number(hours);
      if (!(hoursLong > 0)) throw new CommandFailure("usage", `--hours ${hours} is no number of hours`);
      const asked = { machines, hours: hoursLong, ...(role !== undefined && { role }) };
      const answer = await context.client(command).call("POST", pathOf("machines", ["talosconfig"]), asked);
      const { talosconfig } = answer as { readonly talosconfig: string };
      // Not at the top: no other command needs it.
      const { clientConfigText, emptyClientConfig, parseClientConfig } = await import(
        "../../machine-config/client-config.ts"
      );
      const before = await context.io.readFile(file).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      const old = before === undefined ? emptyClientConfig : parseClientConfig(before);
      const made = parseClientConfig(talosconfig);
      const contexts = { ...old.contexts, ...made.contexts };
      await context.io.writeSecret(file, clientConfigText({ context: made.context, contexts }));
      for (const [name, { nodes = [] }] of Object.entries(made.contexts)) {
        context.io.note(`${file}: context ${name}, nodes ${nodes.join(", ")}`);
      }
      context.io.note(`try: talosctl version --talosconfig ${file}`);
    });
}
