import type { Clock } from "../clock.ts";
import { type BackOff, backOffMs } from "./back-off.ts";
import type { Turn } from "./turn.ts";

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly turn: Turn;
  readonly random: () => number;
  readonly backOff: BackOff;
  readonly concurrency: number;
  /** Works on one key, after so many failures in a row. Resolves to when to look again, if ever. */
  readonly work: (key: string, failures: number) => Promise<Date | undefined>;
  /** Told of each failure, and when the next try is due. */
  readonly onFailure: (key: string, error: unknown, failures: number, retry: Date) => void;
}

interface Entry {
  state: "queued" | "running" | "running, once more" | "resting";
  failures: number;
  timer: Disposable | undefined;
}

/**
 * Keys to work on, in the order in which they were added. No key is worked on twice at once: adding a key that is
 * waiting changes nothing, and adding one that is being worked on has it done exactly once more.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #entries = new Map<string, Entry>();
  #waiting: string[] = [];
  #first = 0;
  readonly #running = new Set<Promise<void>>();
  #closed = false;
  readonly #resume = () => this.#start();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** How many keys wait for their turn. */
  get depth(): number {
    return this.#waiting.length - this.#first;
  }

  get running(): number {
    return this.#running.size;
  }

  isRunning(key: string): boolean {
    return this.#entries.get(key)?.state.startsWith("running") ?? false;
  }

  add(key: string): void {
    if (this.#closed) return;
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#enqueue(key, { state: "queued", failures: 0, timer: undefined });
    } else if (entry.state === "running") {
      entry.state = "running, once more";
    } else if (entry.state === "resting") {
      this.#enqueue(key, entry);
    }
  }

  /** Starts nothing any more; resolves when all that runs has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#options.turn.leave(this.#resume);
    for (const { timer } of this.#entries.values()) timer?.[Symbol.dispose]();
    this.#waiting = [];
    this.#first = 0;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #enqueue(key: string, entry: Entry): void {
    entry.timer?.[Symbol.dispose]();
    entry.timer = undefined;
    entry.state = "queued";
    this.#entries.set(key, entry);
    this.#waiting.push(key);
    this.#start();
  }

  #start(): void {
    const { turn, concurrency } = this.#options;
    while (this.depth > 0 && this.#running.size < concurrency && !this.#closed) {
      if (turn.isOver) return turn.next(this.#resume);
      const key = this.#take();
      const run = this.#run(key, this.#entries.get(key)!).finally(() => {
        this.#running.delete(run);
        this.#start();
      });
      this.#running.add(run);
    }
  }

  #take(): string {
    const key = this.#waiting[this.#first++]!;
    if (this.#first > 1024 && this.#first > this.#waiting.length / 2) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return key;
  }

  async #run(key: string, entry: Entry): Promise<void> {
    const { clock, work } = this.#options;
    entry.state = "running";
    try {
      const again = await work(key, entry.failures);
      const changed = (entry.state as Entry["state"]) === "running, once more";
      entry.state = "resting";
      entry.failures = 0;
      if (this.#closed) return;
      if (changed) this.#enqueue(key, entry);
      else if (again === undefined) this.#entries.delete(key);
      else entry.timer = noLater(clock, again, () => this.#enqueue(key, entry));
    } catch (error) {
      entry.state = "resting";
      entry.failures++;
      if (!this.#closed) this.#retry(key, entry, error);
    }
  }

  /** A change that came while the work failed waits for the next try too: what fails never spins. */
  #retry(key: string, entry: Entry, error: unknown): void {
    const { clock, backOff, random, onFailure } = this.#options;
    const delayMs = backOffMs(backOff, entry.failures, random);
    entry.timer = clock.after(delayMs, () => this.#enqueue(key, entry));
    onFailure(key, error, entry.failures, new Date(clock.now().getTime() + delayMs));
  }
}

/**
 * At that time of day, or when as much time has passed as it is until then, whichever comes first: a clock that is set
 * back makes nobody wait longer, and one that is set forward wakes whom it is late for.
 */
function noLater(clock: Clock, deadline: Date, wake: () => void): Disposable {
  const timers = new DisposableStack();
  const once = () => {
    timers.dispose();
    wake();
  };
  timers.use(clock.at(deadline, once));
  timers.use(clock.after(deadline.getTime() - clock.now().getTime(), once));
  return timers;
}
