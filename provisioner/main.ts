// `ingot`: one command for everything. It asks a provisioner over its API, or is one.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, write, writeSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemClock } from "../cosi/system-clock.ts";
import project from "../package.json" with { type: "json" };
import { connect } from "./cli/connect.ts";
import { paintOf } from "./cli/paint.ts";
import { ingotCommand, programs } from "./cli/program.ts";
import { showProgress } from "./cli/progress.ts";
import { runCommand } from "./cli/run-command.ts";
import { LineWriter } from "./line-writer.ts";

const words = process.argv.slice(2);
// Whoever reads what we print may stop reading; anything else that goes wrong there is a failure.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1));

const run: Readonly<Record<keyof typeof programs, () => Promise<unknown>>> = {
  bmc: () => import("../bmc/main.ts"),
  pxe: () => import("../pxe-server/main.ts"),
  "rotate-keys": () => import("./rotate-keys/main.ts"),
  image: () => ofCheckout("os/image/main.ts", words.slice(2)),
  lab: () => ofCheckout("workshop/run.mjs", ["lab", ...words.slice(1)]),
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
const lastLinesMs = 1_000;
const masterKeys = process.env["INGOT_MASTER_KEYS"];
const log = (text: string) => console.error(`ingot: ${text}`);
const [word = ""] = words;
if (word in programs) {
  // They read what follows as if they were called alone.
  process.argv.splice(2, 1);
  await run[word as keyof typeof programs]();
} else {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  let served = false;
  const lines = (fd: number) => {
    const writer = new LineWriter({ write: (bytes, done) => write(fd, bytes, done), clock: systemClock });
    process.on("uncaughtExceptionMonitor", () => void writeSync(fd, writer.take()));
    return writer;
  };
  const reaching = {
    environment: process.env,
    readFile: (path: string) => readFile(path, "utf8"),
    signal: stop.signal,
  };
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
      writeSecret: async (path, text) => {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, text, { mode: 0o600 });
      },
      send: (connection) => connect(connection, reaching),
      joinConsole: async (connection, path) => {
        const { joinRemoteConsole } = await import("./cli/console.ts");
        const { stdin: input, stdout: output } = process;
        await joinRemoteConsole(connection, path, reaching, { input, output });
      },
      now: () => new Date(),
    },
    project,
    // What is not needed is not loaded: most command lines only ask.
    {
      serve: async (wish) => {
        const [steps, log] = [lines(process.stdout.fd), lines(process.stderr.fd)];
        const { serveProcess } = await import("./serve-process.ts");
        try {
          await serveProcess(wish, {
            masterKeys,
            print: (text) => steps.line(text),
            log: (text) => log.line(`ingot: ${text}`),
            signal: stop.signal,
          });
        } finally {
          // Nobody may be there to read them.
          const late = Promise.withResolvers<void>();
          using _ = systemClock.after(lastLinesMs, late.resolve);
          await Promise.race([Promise.all([steps.drained(), log.drained()]), late.promise]);
        }
        served = true;
      },
      backup: async (folder, file) => (await import("./copy-state.ts")).backupState(folder, file),
      restore: async (wish) => (await import("./copy-state.ts")).restoreState({ ...wish, masterKeys }),
    },
  );
  process.exitCode = await runCommand(root, words, log);
  // Streams that nobody reads any more.
  stop.abort();
  // All is closed, but TCP waits minutes for the last word of a machine that lost power; gRPC shows no way to its sockets.
  if (served) process.exit();
}
