// Group commit. A durable commit costs one flush of the disk, however much is in it: writes that come while the
// process is busy, or while another process writes, are committed together. Each is acknowledged after that commit.
import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import type { Clock } from "../../clock.ts";
import { isBusy } from "./database.ts";

interface Write {
  /** Executes the statements; runs again if the transaction has to be. */
  readonly run: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface WriteQueueOptions {
  readonly path: string;
  readonly database: DatabaseSync;
  readonly clock: Pick<Clock, "after" | "elapsedMs">;
  /** Called first in a transaction, before its writes. */
  readonly begin: () => void;
  /** Called last in a transaction. */
  readonly end: () => void;
  /** Called when a transaction is committed, before its writes are acknowledged. */
  readonly committed: () => void;
  readonly rolledBack: () => void;
  /** Errors that concern one write only: the transaction goes on without it. It must not have changed anything. */
  readonly isRefusal: (error: unknown) => boolean;
}

/** More would keep the process from everything else for too long. */
const largestTransaction = 512;
const retryMs = 5;
const patienceMs = 30_000;

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  #waiting: Write[] = [];
  #scheduled = false;
  #busySince: number | undefined;
  #idle = Promise.withResolvers<void>();

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  /** Resolves with what `run` returned, when it is durable. */
  write<T>(run: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ run, resolve: resolve as Write["resolve"], reject });
    this.#schedule();
    return promise;
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#scheduled) await this.#idle.promise;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#commit());
  }

  #commit(): void {
    const { path, database, clock, begin, end, committed, rolledBack } = this.#options;
    const writes = this.#waiting.slice(0, largestTransaction);
    let outcomes: (() => void)[];
    try {
      database.exec("BEGIN IMMEDIATE");
      begin();
      outcomes = writes.map((write) => this.#attempt(write));
      end();
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      rolledBack();
      if (isBusy(error)) {
        this.#busySince ??= clock.elapsedMs();
        if (clock.elapsedMs() - this.#busySince < patienceMs) {
          clock.after(retryMs, () => this.#commit());
          return;
        }
      }
      const refusal = new Error(`Cannot write to ${path}: ${String(error)}`, { cause: error });
      outcomes = writes.map(
        ({ reject }) =>
          () =>
            reject(refusal),
      );
      return this.#finish(outcomes);
    }
    committed();
    this.#finish(outcomes);
  }

  /** What to tell the writer, once the transaction is committed. */
  #attempt({ run, resolve, reject }: Write): () => void {
    try {
      const result = run();
      return () => resolve(result);
    } catch (error) {
      if (!this.#options.isRefusal(error)) throw error;
      return () => reject(error);
    }
  }

  #finish(outcomes: readonly (() => void)[]): void {
    this.#busySince = undefined;
    this.#waiting = this.#waiting.slice(outcomes.length);
    this.#scheduled = false;
    for (const tell of outcomes) tell();
    if (this.#waiting.length > 0) return this.#schedule();
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }
}
