import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Clock } from "../../clock.ts";
import type { ToCheckpoint } from "./checkpoint.ts";

/** Beside this file as source, beside the program as a bundle. */
const entry = new URL(`./checkpoint${extname(import.meta.filename)}`, import.meta.url);

const everyMs = 200;

/**
 * Has the journal carried into the database by a thread of its own. SQLite does that in a commit, with two flushes of
 * the disk, in which a process that has but one thread answers nobody; what is left for it then is next to nothing.
 */
export class Checkpoints implements AsyncDisposable {
  readonly #clock: Pick<Clock, "after">;
  readonly #thread: Worker;
  #state: "resting" | "waiting" | "carrying" | "carrying, once more" | "over" = "resting";
  #timer: Disposable | undefined;

  constructor(path: string, clock: Pick<Clock, "after">) {
    this.#clock = clock;
    // Not this process's own flags, which may be for its entry alone.
    this.#thread = new Worker(entry, { execArgv: [], workerData: path });
    this.#thread.unref();
    this.#thread.on("message", () => {
      const isDue = this.#state === "carrying, once more";
      if (this.#state !== "over") this.#state = "resting";
      if (isDue) this.due();
    });
    // Without it, commits do what they always did, less often and for longer.
    this.#thread.on("error", () => this.#end());
  }

  /** Something was committed. */
  due(): void {
    if (this.#state === "carrying") this.#state = "carrying, once more";
    if (this.#state !== "resting") return;
    this.#state = "waiting";
    this.#timer = this.#clock.after(everyMs, () => {
      this.#state = "carrying";
      this.#thread.postMessage("carry" satisfies ToCheckpoint);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "over") return;
    this.#end();
    this.#thread.ref();
    const ended = once(this.#thread, "exit");
    this.#thread.postMessage("close" satisfies ToCheckpoint);
    await ended;
  }

  #end(): void {
    this.#timer?.[Symbol.dispose]();
    this.#state = "over";
  }
}
