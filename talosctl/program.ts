// `talosctl`: everything that is asked of machines from a terminal.
import { Argument, Command } from "commander";
import { applyConfigCommand, editCommand, patchCommand } from "./commands/apply-config.ts";
import { bootstrapCommand, kubeconfigCommand } from "./commands/cluster.ts";
import { configCommand } from "./commands/config.ts";
import { containersCommand, restartCommand, statsCommand } from "./commands/containers.ts";
import { dashboardCommand } from "./commands/dashboard.ts";
import { diskFreeCommand } from "./commands/disk-free.ts";
import { etcdCommand } from "./commands/etcd.ts";
import { copyCommand, listCommand, readCommand, usageCommand } from "./commands/files.ts";
import { genCommand, machineConfigCommand, validateCommand } from "./commands/generate.ts";
import { getCommand } from "./commands/get.ts";
import { healthCommand } from "./commands/health.ts";
import { imageCommand } from "./commands/image.ts";
import { installCommand } from "./commands/install.ts";
import { metaCommand, wipeCommand } from "./commands/meta.ts";
import { netstatCommand } from "./commands/netstat.ts";
import { rebootCommand, resetCommand, rollbackCommand, shutdownCommand } from "./commands/power.ts";
import { serviceCommand } from "./commands/service.ts";
import { memoryCommand, mountsCommand, processesCommand, timeCommand } from "./commands/statistics.ts";
import { dmesgCommand, eventsCommand, logsCommand } from "./commands/streams.ts";
import { supportCommand } from "./commands/support.ts";
import { upgradeCommand } from "./commands/upgrade.ts";
import { upgradeKubernetesCommand } from "./commands/upgrade-k8s.ts";
import { versionCommand } from "./commands/version.ts";
import { completion, shells } from "./completion.ts";
import { callFailure } from "./connection.ts";
import { CommandFailed, type Io } from "./io.ts";

const makers: readonly ((io: Io) => Command)[] = [
  applyConfigCommand,
  bootstrapCommand,
  configCommand,
  containersCommand,
  copyCommand,
  dashboardCommand,
  diskFreeCommand,
  dmesgCommand,
  editCommand,
  etcdCommand,
  eventsCommand,
  genCommand,
  getCommand,
  healthCommand,
  imageCommand,
  installCommand,
  kubeconfigCommand,
  listCommand,
  logsCommand,
  machineConfigCommand,
  memoryCommand,
  metaCommand,
  mountsCommand,
  netstatCommand,
  patchCommand,
  processesCommand,
  readCommand,
  rebootCommand,
  resetCommand,
  restartCommand,
  rollbackCommand,
  serviceCommand,
  shutdownCommand,
  statsCommand,
  supportCommand,
  timeCommand,
  upgradeCommand,
  upgradeKubernetesCommand,
  usageCommand,
  validateCommand,
  wipeCommand,
];

function talosctl(io: Io, version: string): Command {
  const root = new Command("talosctl")
    .description("Operates machines over their API")
    .enablePositionalOptions();
  for (const make of makers) root.addCommand(make(io));
  root.addCommand(versionCommand(io, version));
  root.addCommand(
    new Command("completion")
      .description("Generate the autocompletion script for the specified shell")
      .addArgument(new Argument("<shell>").choices([...shells]))
      .action((shell: (typeof shells)[number]) => io.out(completion(shell, root))),
  );
  return root;
}

/** Runs one command line. Resolves to the exit code. */
export async function run(words: readonly string[], io: Io, version: string): Promise<number> {
  const root = talosctl(io, version);
  quiet(root, io);
  try {
    await root.parseAsync(commandFirst(words.flatMap(plainFlag)), { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof Error && "exitCode" in error && typeof error.exitCode === "number")
      return error.exitCode;
    io.error(`${error instanceof CommandFailed ? error.message : callFailure(error)}\n`);
    return 1;
  }
}

/** A wrong command line is an answer, not the end of the process. */
function quiet(command: Command, io: Io): void {
  command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.error });
  for (const one of command.commands) quiet(one, io);
}

/** What is on unless it is turned off. */
const usuallyOn = ["wait", "graceful", "server", "merge"];

/** Upstream's users write `--wait=false` where we say `--no-wait`. */
function plainFlag(word: string): string[] {
  const [, name, value] = /^--([a-z-]+)=(true|false)$/.exec(word) ?? [];
  if (name === undefined || name.startsWith("with-")) return [word];
  if (value === "true") return [`--${name}`];
  return usuallyOn.includes(name) ? [`--no-${name}`] : [];
}

/** What every command to a machine is told, and upstream's users like to say first: `talosctl -n 10.0.0.2 get mc`. */
const targetFlags = /^(-n|--nodes|-e|--endpoints|-c|--cluster|--context|--talosconfig)(=.*)?$/;

/** The same words with those flags behind the command that they are for. */
function commandFirst(words: readonly string[]): string[] {
  let count = 0;
  for (let flag = targetFlags.exec(words[count] ?? ""); flag; flag = targetFlags.exec(words[count] ?? ""))
    count += flag[2] === undefined ? 2 : 1;
  return [...words.slice(count), ...words.slice(0, count)];
}
