import { type Command, Option } from "commander";
import { roles } from "../resources/roles.ts";
import { pathOf, type Shown } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { CommandFailure } from "./exit-codes.ts";
import { resourceCommand } from "./resource-commands.ts";

export function tokensCommand(context: CommandContext): Command {
  const root = resourceCommand("tokens", context);
  root
    .command("create <name>")
    .description("makes a token; its text is shown once")
    .addOption(new Option("--role <role>", "what it may do").choices(roles).default("reader"))
    .option("--days <count>", "how long it holds; for ever without")
    .option("--scope <labels>", "only machines that have these labels: a=b,c=d")
    .action(
      async (name: string, { role, days, scope }: Record<string, string | undefined>, command: Command) => {
        const body = {
          name,
          role,
          ...(days !== undefined && { expiresInDays: Number(days) }),
          ...(scope !== undefined && { scope: Object.fromEntries(scope.split(",").map(pair)) }),
        };
        const made = (await context.client(command).call("POST", pathOf("tokens"), body)) as Shown & {
          readonly token: string;
        };
        context.tell(command, made, () => made.token);
      },
    );
  root
    .command("revoke <id...>")
    .description("from now on they are refused")
    .action(async (ids: readonly string[], _: unknown, command: Command) => {
      for (const id of ids) {
        await context.client(command).call("DELETE", pathOf("tokens", [id]));
        context.io.note(`${id} is revoked`);
      }
    });
  return root;
}

function pair(text: string): [string, string] {
  const [name = "", value] = text.split("=");
  if (value === undefined) throw new CommandFailure("usage", `${text} is no label: write name=value`);
  return [name, value];
}
