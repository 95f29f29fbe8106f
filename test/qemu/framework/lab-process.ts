// The lab as `npm start` runs it, a process in namespaces of its own: what it says on its terminal, and whether anything
// of it is left where it ran.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { deadlineMs } from "./deadlines.ts";
import { project } from "./image.ts";
import { openRunDirectory } from "./run-directory.ts";

const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

export class LabProcess implements AsyncDisposable {
  readonly name: string;
  readonly said: string[] = [];
  readonly #process: ChildProcessByStdio<null, Readable, null>;
  readonly #ended: Promise<unknown[]>;
  readonly #lines: Interface;

  /** `name`: of its folder below out/qemu. */
  constructor(name: string, rack: string, options: readonly string[] = []) {
    this.name = name;
    const file = openRunDirectory(project, `${name} notes`).file("rack.yaml");
    writeFileSync(file, rack);
    const main = join(project, "test/qemu/lab/main.ts");
    this.#process = spawn(
      "unshare",
      [...namespaces, process.execPath, main, "--rack", file, "--name", name, ...options],
      // A group of its own, as a terminal's: Ctrl-C goes to all of it.
      { detached: true, stdio: ["ignore", "pipe", "inherit"] },
    );
    this.#ended = once(this.#process, "exit");
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#lines.on("line", (line) => void this.said.push(line));
  }

  /** Resolves when it says it on the terminal, or has said it. */
  async says(pattern: RegExp): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (this.said.some((line) => pattern.test(line))) resolve();
    };
    const giveUp = () =>
      reject(new Error(`The lab did not say ${pattern}:\n${this.said.slice(-25).join("\n")}`));
    const expiry = setTimeout(giveUp, deadlineMs.wholeLife);
    this.#lines.on("line", look).on("close", giveUp);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(expiry);
      this.#lines.off("line", look).off("close", giveUp);
    }
  }

  /** Presses Ctrl-C; resolves to how it ends. */
  async interrupt(): Promise<unknown[]> {
    process.kill(-this.#process.pid!, "SIGINT");
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    // `unshare` keeps its children from outliving it.
    this.#process.kill("SIGKILL");
    await this.#ended;
  }
}

/** What this suite's namespaces hold; a lab of that name must add nothing to it. */
export const surroundings = (name: string) => ({
  links: readdirSync("/sys/class/net").sort(),
  mounts: readFileSync("/proc/self/mounts", "utf8"),
  networks: new Set(
    processes().flatMap((pid) => readOr<string[]>([], () => [readlinkSync(`/proc/${pid}/ns/net`)])),
  ).size,
  processes: processes()
    .map((pid) => readOr("", () => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")))
    .filter((command) => command.includes(name) || command.includes("qemu-system")),
});

const processes = () => readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));

/** A process can end while it is looked at. */
function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
