// Group commit. A durable commit costs one flush of the disk, however much is in it: writes that come while the
// process is busy, while the disk is, or while another process writes, are committed together. Each is acknowledged,
// and those who watch are woken, after that flush; whoever else reads need not wait for it.
import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import type { Clock } from "../../clock.ts";
import { StoreUnavailable } from "../../store.ts";
import { isBusy, reasonOf } from "./database.ts";

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
  /** How long writes wait while another process writes. */
  readonly patienceMs: number;
  /** Called first in a transaction, before its writes. */
  readonly begin: () => void;
  /** Called last in a transaction. */
  readonly end: () => void;
  /** Has what was committed survive a power failure; left out where the last moments may be lost. */
  readonly flush?: (() => Promise<void>) | undefined;
  /** Called when a transaction is committed and flushed, before its writes are acknowledged. */
  readonly committed: () => void;
  readonly rolledBack: () => void;
  /** Errors that concern one write only: the transaction goes on without it. It must not have changed anything. */
  readonly isRefusal: (error: unknown) => boolean;
}

/** More would keep the process from everything else for too long. */
const largestTransaction = 512;
const firstRetryMs = 5;
const longestRetryMs = 320;

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  #waiting: Write[] = [];
  #scheduled = false;
  #busySince: number | undefined;
  #retryMs = firstRetryMs;
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
    setImmediate(() => void this.#commit());
  }

  async #commit(): Promise<void> {
    const { database, begin, end, flush, committed, rolledBack } = this.#options;
    const writes = this.#waiting.slice(0, largestTransaction);
    let outcomes: readonly (() => void)[];
    try {
      database.exec("BEGIN IMMEDIATE");
      begin();
      outcomes = writes.map((write) => this.#attempt(write));
      end();
      database.exec("COMMIT");
    } catch (error) {
      if (database.isOpen && database.isTransaction) database.exec("ROLLBACK");
      rolledBack();
      if (isBusy(error) && this.#waitLonger()) return;
      this.#refuse(writes, this.#reason(error), error);
      return;
    }
    try {
      await flush?.();
    } catch (cause) {
      // It is in the file, and may be gone after a power failure: who asked must not rely on it.
      committed();
      this.#refuse(writes, reasonOf(database, cause), cause);
      return;
    }
    committed();
    this.#finish(outcomes);
  }

  #refuse(writes: readonly Write[], why: string, cause: unknown): void {
    const refusal = new StoreUnavailable(`write to ${this.#options.path}`, why, { cause });
    const tell = ({ reject }: Write) => reject(refusal);
    this.#finish(writes.map((write) => () => tell(write)));
  }

  /** Another process is writing: sleeps until the next attempt, unless that has gone on for too long. */
  #waitLonger(): boolean {
    const { clock, patienceMs } = this.#options;
    this.#busySince ??= clock.elapsedMs();
    if (clock.elapsedMs() - this.#busySince >= patienceMs) return false;
    clock.after(this.#retryMs, () => void this.#commit());
    this.#retryMs = Math.min(2 * this.#retryMs, longestRetryMs);
    return true;
  }

  #reason(error: unknown): string {
    if (isBusy(error)) return `another process has been writing for ${this.#options.patienceMs / 1000} s`;
    return reasonOf(this.#options.database, error);
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
    this.#retryMs = firstRetryMs;
    this.#waiting = this.#waiting.slice(outcomes.length);
    this.#scheduled = false;
    for (const tell of outcomes) tell();
    if (this.#waiting.length > 0) return this.#schedule();
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }
}
