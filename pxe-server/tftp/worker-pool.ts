// Spreads transfers over worker threads. File contents are shared memory: a job is a few hundred bytes.
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { checked, epollCalls, socketCalls } from "../c-library.ts";
import type { OwnPortJob } from "./own-port.ts";
import type { Outcome } from "./transfers.ts";
import type { FromWorker, ToWorker, WorkerData } from "./worker.ts";

/** Beside this file as source, beside the program as a bundle. */
const entry = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url);

const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
const one = Buffer.from(BigUint64Array.of(1n).buffer);

class Member {
  readonly #wakeFd = checked(epollCalls.eventFd(0, EFD_NONBLOCK | EFD_CLOEXEC), "make an eventfd", "workers");
  readonly jobs = new Map<number, (outcome: Outcome) => void>();
  /** Undefined after it died, until there is work again: one that cannot start must not be started in a loop. */
  #worker: Worker | undefined = this.#spawn();

  start(id: number, job: OwnPortJob, onOutcome: (outcome: Outcome) => void): void {
    this.jobs.set(id, onOutcome);
    this.#worker ??= this.#spawn();
    this.#worker.postMessage({ id, job } satisfies ToWorker);
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#failAll("the server is stopping");
    const ended = this.#worker?.terminate();
    // It waits in the kernel, and notices its end when it is back.
    this.#wake();
    await ended;
    socketCalls.close(this.#wakeFd);
  }

  #wake(): void {
    socketCalls.write(this.#wakeFd, one, one.length);
  }

  #spawn(): Worker {
    // Not this process's own flags, which may be for its entry alone.
    const worker = new Worker(entry, {
      execArgv: [],
      workerData: { wakeFd: this.#wakeFd } satisfies WorkerData,
    });
    worker.on("message", ({ id, outcome }: FromWorker) => {
      const onOutcome = this.jobs.get(id);
      if (outcome.type !== "progress") this.jobs.delete(id);
      onOutcome?.(outcome);
    });
    worker.on("error", (error) => {
      this.#worker = undefined;
      this.#failAll(`its worker died: ${error instanceof Error ? error.message : String(error)}`);
    });
    return worker;
  }

  #failAll(why: string): void {
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
    least.start(++this.#lastId, job, onOutcome);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()));
  }
}
