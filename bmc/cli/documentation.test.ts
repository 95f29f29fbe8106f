// docs/bmc.md is what people try first: every word is in it, and every example is a command line that is taken.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { bmcCommand } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { probeCommand } from "./probe-command.ts";
import { simulateCommand } from "./simulate-command.ts";

const document = await readFile(join(import.meta.dirname, "../../docs/bmc.md"), "utf8");

/** Takes command lines and does nothing with them. */
function deaf(): Command {
  const unused = () => {
    throw new Error("not here");
  };
  const root = bmcCommand({
    clock: { now: () => 0, after: unused },
    environment: {},
    signal: new AbortController().signal,
    randomBytes: unused,
    print: unused,
    readFile: unused,
    files: { write: unused, rename: unused, remove: unused },
    promptPassword: unused,
    open: unused,
    joinConsole: unused,
  });
  root.addCommand(probeCommand({ print: unused, warn: unused, probe: unused }));
  root.addCommand(simulateCommand(unused));
  for (const command of [root, ...root.commands])
    command
      .exitOverride()
      .action(() => {})
      .configureOutput({ writeErr: () => {} });
  return root;
}

/** As a shell would: at spaces, but for quotes. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

const examples = [...document.matchAll(/^ingot bmc (.+)$/gm)].map(([, line]) => line!);
test.each(examples)("the documents' `ingot bmc %s` is taken", async (line) => {
  await deaf().parseAsync(wordsOf(line), { from: "user" });
});

test("every word and every exit code is in the documents", () => {
  const missing = deaf()
    .commands.map((command) => command.name())
    .filter((name) => !new RegExp(`\`${name}[ \`]`).test(document));
  expect(missing).toEqual([]);
  for (const [code, meaning] of Object.values(exitCodes))
    expect(document).toContain(`| ${code} | ${meaning} |`);
});
