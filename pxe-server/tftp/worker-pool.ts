// Spreads transfers over worker threads. File contents are shared memory: a job is a few hundred bytes.
import { Worker } from "node:worker_threads";
import type { OwnPortJob } from "./own-port.ts";
import type { Outcome } from "./transfers.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** The bundle has the worker beside it as JavaScript; the source tree runs it as it is. */
const entry = new URL(`./worker.${import.meta.filename.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

class Member {
  readonly jobs = new Map<number, (outcome: Outcome) => void>();
  worker = this.#spawn();

  #spawn(): Worker {
    const worker = new Worker(entry);
    worker.on("message", ({ id, outcome }: FromWorker) => {
      const onOutcome = this.jobs.get(id);
      if (outcome.type !== "progress") this.jobs.delete(id);
      onOutcome?.(outcome);
    });
    worker.on("error", (error) => {
      this.failAll(`its worker died: ${error instanceof Error ? error.message : String(error)}`);
      this.worker = this.#spawn();
    });
    return worker;
  }

  failAll(why: string): void {
    for (const onOutcome of this.jobs.values()) onOutcome({ type: "failed", why, sentBytes: 0 });
    this.jobs.clear();
  }
}

export class WorkerPool implements AsyncDisposable {
  readonly #members: readonly Member[];
  #lastId = 0;

  constructor(size: number) {
    this.#members = Array.from({ length: size }, () => new Member());
  }

  start(job: OwnPortJob, onOutcome: (outcome: Outcome) => void): void {
    const least = this.#members.reduce((a, b) => (b.jobs.size < a.jobs.size ? b : a));
    const id = ++this.#lastId;
    least.jobs.set(id, onOutcome);
    least.worker.postMessage({ id, job } satisfies ToWorker);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.#members) member.failAll("the server is stopping");
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }
}
