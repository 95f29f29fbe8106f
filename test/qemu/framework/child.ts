import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { deadlineMs } from "./deadlines.ts";

/** A process that a test started: its output is in a file, and it ends with the test. */
export class Child implements AsyncDisposable {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly exited: Promise<number>;

  constructor(name: string, command: string, args: readonly string[], logFile: string) {
    this.name = name;
    const log = openSync(logFile, "a");
    this.#process = spawn(command, args, { stdio: ["ignore", log, log] });
    closeSync(log);
    this.exited = new Promise((resolve, reject) => {
      this.#process.on("error", (cause) =>
        reject(new Error(`Cannot start ${name}: ${cause.message}`, { cause })),
      );
      this.#process.on("exit", (code, signal) => resolve(signal ? 128 : (code ?? 1)));
    });
    // Whoever awaits `exited` gets the error; nobody has to.
    this.exited.catch(() => {});
  }

  get running(): boolean {
    return (
      this.#process.exitCode === null && this.#process.signalCode === null && this.#process.pid !== undefined
    );
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (!this.running) return;
    const exited = once(this.#process, "exit", { signal: AbortSignal.timeout(deadlineMs.powerOff) });
    this.#process.kill(signal);
    await exited.catch(async () => {
      this.#process.kill("SIGKILL");
      await this.exited;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
