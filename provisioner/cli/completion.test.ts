// The words of `ingot`, completed by the shells themselves.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completion, shells } from "./completion.ts";
import { ingot } from "./run-ingot.conformance.ts";

type Shell = (typeof shells)[number];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "completion-"));
  for (const shell of shells) {
    await writeFile(join(folder, shell), (await ingot(`completion ${shell}`)).output);
  }
  await writeFile(join(folder, "machines.csv"), "");
});
afterAll(() => rm(folder, { recursive: true }));

function run(command: string, words: readonly string[]): string {
  const env = { PATH: process.env["PATH"], HOME: folder, TERM: "dumb" };
  const ran = spawnSync(command, words, { cwd: folder, env, encoding: "utf8", timeout: 60_000 });
  expect(ran).toMatchObject({ status: 0, stderr: "" });
  return ran.stdout;
}

/** What becomes of the last word when Tab is pressed behind it, or what is offered for it. */
const complete: Readonly<Record<Shell, (line: string) => readonly string[]>> = {
  // What Readline does: it calls the function, and looks for files where that knows nothing.
  bash: (line) => {
    const script = `. ./bash
COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _ingot
printf '%s\\n' "\${COMPREPLY[@]:-$(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")}"`;
    return run("bash", ["--norc", "-c", script]).trimEnd().split("\n");
  },
  // At a terminal: that is where its completion lives.
  zsh: (line) => {
    const script = `zmodload zsh/zpty
zpty terminal zsh -f -i
zpty -w terminal 'autoload -U compinit; compinit -u -D; . ./zsh; ingot() { print -r -- "<$*>" }'
zpty -w -n terminal $'${line}\\t\\n'
zpty -w terminal 'exit'
while zpty -r terminal said; do print -rn -- $said; done`;
    const said = run("zsh", ["-f", "-c", script]);
    const [ran] = said.match(/(?<=^<).*(?=>\r?$)/gmu) ?? [];
    return ran === undefined ? [] : [ran.trim().split(" ").at(-1)!];
  },
  fish: (line) =>
    run("fish", ["--no-config", "-c", "source ./fish; complete -C $argv[1]", line])
      .trimEnd()
      .split("\n")
      .map((offer) => offer.split("\t")[0]!),
};

describe.each(shells)("%s", (shell) => {
  test.each([
    ["ingot mac", "machines"],
    ["ingot machines acc", "accept"],
    ["ingot -o json machines acc", "accept"],
    ["ingot m acc", "accept"],
    ["ingot --server https://ingot.example:8443 profiles sh", "show"],
    ["ingot machines accept m1 --w", "--wait"],
    ["ingot machines list --sel", "--selector"],
    ["ingot machines power m1 auto", "automatic"],
    ["ingot tokens create ci --r", "--role"],
    ["ingot completion z", "zsh"],
    ["ingot machines import mach", "machines.csv"],
    ["ingot machines bogus", "bogus"],
  ])("completes `%s`", (line, word) => {
    const offered = complete[shell](line);
    expect(offered).toEqual(word === "bogus" ? nothing[shell] : [word]);
  });
});

/** How each says that there is nothing. */
const nothing: Readonly<Record<Shell, readonly string[]>> = { bash: [""], zsh: ["bogus"], fish: [""] };

test.each(shells)("%s runs nothing that a description says", async (shell) => {
  const about = 'it\'s $(touch ran) `touch ran` "a:b" \\ %s; touch ran';
  const machines = new Command("machines").description(about);
  const root = new Command("ingot").option("-o, --output <format>", about).addCommand(machines);
  const told = join(folder, shell);
  const usual = await readFile(told);
  await writeFile(told, completion(shell, root));
  expect(complete[shell]("ingot mac")).toEqual(["machines"]);
  await writeFile(told, usual);
  expect(await readdir(folder)).not.toContain("ran");
});
