// `ingot`: all its words. What is asked of a provisioner is asked here; what runs in this process is given.
import { Argument, Command, Option } from "commander";
import { backupCommands, type Copying } from "./backup-commands.ts";
import { CommandContext, type CommandIo, formats } from "./command-io.ts";
import { completion, shells } from "./completion.ts";
import { exitCodes } from "./exit-codes.ts";
import { machinesCommand } from "./machine-commands.ts";
import { reference } from "./reference.ts";
import { resourceCommand } from "./resource-commands.ts";
import { segmentsCommand } from "./segment-commands.ts";
import { type ServeWish, serveCommand } from "./serve-command.ts";
import { tokensCommand } from "./token-commands.ts";

export interface Project {
  readonly description: string;
  readonly version: string;
}

export interface Running extends Omit<Copying, "note"> {
  readonly serve: (wish: ServeWish) => Promise<void>;
}

const readOnly = [
  "tasks",
  "events",
  "audit",
  "certificates",
  "inventories",
  "conflicts",
  "assignments",
  "power-statuses",
  "images",
] as const;
const written = ["profiles", "rules", "bmcs"] as const;

/** Programs of their own, which are also words of this one: main.ts runs them, and they read what follows. */
export const programs = {
  bmc: "power, boot device, sensors, console and accounts of a server, over its BMC alone: docs/bmc.md",
  pxe: "a pxe-server by itself: static rules, or as a provisioner says: docs/network.md",
  "rotate-keys": "seals every secret of a state with a new master key",
  image: "`image build` makes the kernel and initramfs that machines boot, in a checkout",
  lab: "a provisioner, and machines of QEMU that it boots, in networks of their own, in a checkout",
} as const;

export function ingotCommand(io: CommandIo, { description, version }: Project, running: Running): Command {
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
  root.addCommand(segmentsCommand(context));
  root.addCommand(tokensCommand(context));
  root
    .command("ready")
    .description("whether the provisioner answers and has its state")
    .action(async (_: unknown, command: Command) =>
      io.note((await context.client(command).text("/readyz")).trim()),
    );
  root.addCommand(serveCommand(running.serve));
  for (const command of backupCommands({ ...running, note: io.note })) root.addCommand(command);
  for (const [name, about] of Object.entries(programs)) root.command(name).description(about);
  root
    .command("completion")
    .description("what a shell needs to complete this command's words")
    .addArgument(new Argument("<shell>").choices(shells))
    .action((shell: (typeof shells)[number]) => io.print(completion(shell, root)));
  root
    .command("reference", { hidden: true })
    .description("this command as a document")
    .action(() => io.print(reference(root).trimEnd()));
  return root;
}
