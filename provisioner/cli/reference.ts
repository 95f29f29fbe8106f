// docs/cli.md: the command as a document, made of the command itself.
import type { Command, Option } from "commander";
import { exitCodes } from "./exit-codes.ts";

/** Besides those that stand for an option. */
const variables = {
  INGOT_TOKEN: "the token, where no file with it is named",
  INGOT_MASTER_KEYS:
    "what `serve` and `restore` seal secrets with, instead of `master.keys` in the state's folder",
  NO_COLOR: "no colours, on a terminal either",
};

export function reference(root: Command): string {
  const groups = root.commands.filter((one) => one.commands.length > 0);
  const single = root.commands.filter((one) => one.commands.length === 0 && one.name() !== "reference");
  return `${[
    "# The `ingot` command",
    "Made of the command itself by `npm run generate`: change that, not this. Each word explains itself with `--help`.",
    "## Options of every command",
    "Those that reach a provisioner may stand before or behind the words that follow.",
    optionTable(root.options),
    "## Environment",
    markdownTable(
      ["variable", "meaning"],
      Object.entries(variables).map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
    "## Exit codes",
    markdownTable(
      ["code", "meaning"],
      Object.values(exitCodes).map(([code, meaning]) => [String(code), meaning]),
    ),
    "## In this process",
    ...single.flatMap((one) => section(one, "ingot")),
    ...groups.flatMap((group) => [
      `## \`ingot ${group.name()}\``,
      sentence(group.description()),
      markdownTable(
        ["command", "what it does", "options"],
        group.commands.map((one) => [
          `\`ingot ${group.name()} ${usageOf(one)}\``,
          one.description(),
          one.options.map(({ flags, description }) => `\`${flags}\` ${description}`).join("<br>"),
        ]),
      ),
    ]),
  ].join("\n\n")}\n`;
}

function section(command: Command, before: string): string[] {
  const heading = [`### \`${before} ${usageOf(command)}\``, sentence(command.description())];
  return command.options.length === 0 ? heading : [...heading, optionTable(command.options)];
}

const usageOf = (command: Command): string =>
  [
    command.name(),
    ...command.registeredArguments.map((one) => {
      const name = `${one.argChoices?.join("\\|") ?? one.name()}${one.variadic ? "…" : ""}`;
      return one.required ? `<${name}>` : `[${name}]`;
    }),
  ].join(" ");

const optionTable = (options: readonly Option[]): string =>
  markdownTable(
    ["option", "meaning", "unless given"],
    options.map(({ flags, description, argChoices, defaultValue, defaultValueDescription, envVar }) => [
      `\`${flags}\``,
      [description, ...(argChoices ? [`one of ${argChoices.join(", ")}`] : [])].join(": "),
      [
        ...(envVar === undefined ? [] : [`\`$${envVar}\``]),
        ...(defaultValue === undefined ? [] : [defaultValueDescription ?? `\`${String(defaultValue)}\``]),
      ].join(", else "),
    ]),
  );

function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`.replaceAll(/ +\|/g, " |");
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

const sentence = (text: string) =>
  `${text[0]!.toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
