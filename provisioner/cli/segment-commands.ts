import type { Command } from "commander";
import { pathOf } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { resourceCommand } from "./resource-commands.ts";

interface Enrolled {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** As `pxe` takes them by --ca, --cert and --key. */
export const identityFiles = { authority: "ca.pem", certificate: "certificate.pem", key: "key.pem" } as const;

export function segmentsCommand(context: CommandContext): Command {
  const root = resourceCommand("segments", context);
  root
    .command("enrol <name> <folder>")
    .description(
      "writes what a pxe-server shows to be the one of that network: ca.pem, certificate.pem, key.pem",
    )
    .action(async (name: string, folder: string, _: unknown, command: Command) => {
      const made = (await context
        .client(command)
        .call("POST", pathOf("segments", [name, "enrol"]), {})) as Enrolled;
      for (const [part, file] of Object.entries(identityFiles)) {
        await context.io.writeSecret(`${folder}/${file}`, made[part as keyof Enrolled]);
      }
      context.io.note(`${folder} has what \`pxe --ca --cert --key\` takes, for ${name}`);
    });
  return root;
}
