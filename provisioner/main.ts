// `ingot`: one command for everything. It asks a provisioner over its API, or is one.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import project from "../package.json" with { type: "json" };
import { backupCommands } from "./cli/backup-commands.ts";
import { connect } from "./cli/connect.ts";
import { paintOf } from "./cli/paint.ts";
import { ingotCommand } from "./cli/program.ts";
import { showProgress } from "./cli/progress.ts";
import { runCommand } from "./cli/run-command.ts";
import { serveCommand } from "./cli/serve-command.ts";
import type { RestoreWish } from "./copy-state.ts";

const words = process.argv.slice(2);

/** Programs of their own, which are also words of this one. */
const programs: Readonly<Record<string, readonly [about: string, run: () => Promise<unknown>]>> = {
  bmc: ["power, boot device and identity of a server, over its BMC", () => import("../bmc/main.ts")],
  pxe: [
    "a pxe-server by itself: static rules, or as a provisioner says",
    () => import("../pxe-server/main.ts"),
  ],
  "rotate-keys": [
    "seals every secret of a state with a new master key",
    () => import("./rotate-keys/main.ts"),
  ],
  image: [
    "`image build` makes the kernel and initramfs that machines boot",
    () => ofCheckout("os/image/main.ts", words.slice(2)),
  ],
  lab: [
    "a provisioner, and machines of QEMU that it boots, in networks of their own",
    () => ofCheckout("workshop/run.mjs", ["start", ...words.slice(1)]),
  ],
};

/** What is made of the project's sources is there in a checkout alone. */
async function ofCheckout(file: string, args: readonly string[]): Promise<void> {
  const path = join(import.meta.dirname, "..", file);
  if (!existsSync(path)) throw new Error(`Cannot run ${file} here: it needs a checkout of the project`);
  const child = spawn(process.execPath, [path, ...args], { stdio: "inherit" });
  // Ctrl-C reaches it too; it ends when it has cleaned up.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  [process.exitCode] = (await once(child, "close")) as [number];
}

const every = (ms: number, call: () => void): Disposable => {
  const timer = setInterval(call, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
};
const log = (text: string) => console.error(`ingot: ${text}`);
const program = programs[words[0] ?? ""];
if (program) {
  process.argv.splice(2, 1);
  await program[1]();
} else {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const root = ingotCommand(
    {
      print: (text) => process.stdout.write(`${text}\n`),
      note: (text) => process.stderr.write(`${text}\n`),
      progress: (text) =>
        process.stderr.isTTY
          ? showProgress(text, (line) => process.stderr.write(line), { every })
          : { [Symbol.dispose]: () => {} },
      width: process.stdout.isTTY ? process.stdout.columns : undefined,
      // https://no-color.org
      paint: paintOf(process.stdout.isTTY && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb"),
      readFile: (path) => readFile(path === "-" ? "/dev/stdin" : path, "utf8"),
      send: (connection) =>
        connect(connection, {
          environment: process.env,
          readFile: (path) => readFile(path, "utf8"),
          signal: stop.signal,
        }),
      now: () => new Date(),
    },
    project,
  );
  const serving = {
    masterKeys: process.env["INGOT_MASTER_KEYS"],
    print: (text: string) => console.log(text),
    log,
    signal: stop.signal,
  };
  // What is not needed is not loaded: most command lines only ask.
  root.addCommand(
    serveCommand(async (wish) => (await import("./serve-process.ts")).serveProcess(wish, serving)),
  );
  const copying = {
    backup: async (folder: string, file: string) =>
      (await import("./copy-state.ts")).backupState(folder, file),
    restore: async (wish: Omit<RestoreWish, "masterKeys">) =>
      (await import("./copy-state.ts")).restoreState({ ...wish, masterKeys: serving.masterKeys }),
    note: log,
  };
  for (const command of backupCommands(copying)) root.addCommand(command);
  for (const [name, [about]] of Object.entries(programs)) root.command(name).description(about);
  process.exitCode = await runCommand(root, words, log);
  // Streams that nobody reads any more.
  stop.abort();
}
