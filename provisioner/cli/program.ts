// `ingot`: everything that is asked of a provisioner from a terminal. main.ts adds what runs in this process.
import { Argument, Command, Option } from "commander";
import { CommandContext, type CommandIo, formats } from "./command-io.ts";
import { completion, shells } from "./completion.ts";
import { exitCodes } from "./exit-codes.ts";
import { machinesCommand } from "./machine-commands.ts";
import { resourceCommand } from "./resource-commands.ts";
import { tokensCommand } from "./token-commands.ts";

interface Project {
  readonly description: string;
  readonly version: string;
}

const readOnly = [
  "segments",
  "tasks",
  "events",
  "audit",
  "certificates",
  "inventories",
  "conflicts",
  "assignments",
  "power-statuses",
] as const;
const written = ["profiles", "rules", "images", "bmcs"] as const;

export function ingotCommand(io: CommandIo, { description, version }: Project): Command {
  const context = new CommandContext(io);
  const root = new Command("ingot")
    .description(description)
    .version(version)
    .addOption(
      new Option("--server <url>", "the provisioner").default("https://127.0.0.1:8443").env("INGOT_SERVER"),
    )
    .addOption(
      new Option("--token-file <path>", "file with the token; else the variable INGOT_TOKEN").env(
        "INGOT_TOKEN_FILE",
      ),
    )
    .addOption(new Option("--ca <path>", "whom to trust as the provisioner (PEM)").env("INGOT_CA"))
    .addOption(
      new Option("--fingerprint <sha256>", "instead: the authority's, as `ingot serve` prints it").env(
        "INGOT_FINGERPRINT",
      ),
    )
    .addOption(new Option("-o, --output <format>", "how to print").choices(formats).default("table"))
    .addHelpText(
      "after",
      `\nExit codes:\n${Object.values(exitCodes)
        .map(([code, meaning]) => `  ${code}  ${meaning}`)
        .join("\n")}`,
    );
  root.addCommand(machinesCommand(context));
  for (const kind of [...written, ...readOnly]) root.addCommand(resourceCommand(kind, context));
  root.addCommand(tokensCommand(context));
  root
    .command("ready")
    .description("whether the provisioner answers and has its state")
    .action(async (_: unknown, command: Command) =>
      io.note((await context.client(command).text("/readyz")).trim()),
    );
  root
    .command("completion")
    .description("what a shell needs to complete this command's words")
    .addArgument(new Argument("<shell>").choices(shells))
    .action((shell: (typeof shells)[number]) => io.print(completion(shell, root)));
  return root;
}
