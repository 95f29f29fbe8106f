// One queue per BMC: commands never race, polls yield to commands, a BMC that failed is left alone for a while, what was
// done is read back, and everything is told to the audit trail. BMCs hang on bursts, run out of sessions and lie.
import { type Bmc, isAbsent } from "./bmc.ts";
import { type Clock, sleep } from "./clock.ts";

/** One line of the audit trail. Never holds an argument: passwords are among them. */
export interface AuditEntry {
  readonly at: number;
  readonly command: string;
  readonly kind: "command" | "poll";
  readonly durationMs: number;
  readonly outcome: "done" | "absent" | "failed";
  /** Why absent or failed. */
  readonly why?: string | undefined;
}

export interface QueueOptions {
  readonly clock: Clock;
  /** Opens the BMC anew; called when there is no connection, or the last one failed. */
  readonly open: () => Promise<Bmc>;
  readonly audit: (entry: AuditEntry) => void;
  /** Sessions are scarce: one that nobody used for so long is closed. */
  readonly idleMs?: number | undefined;
  readonly backOff?: { readonly firstMs: number; readonly mostMs: number } | undefined;
}

interface Job {
  readonly kind: "command" | "poll";
  readonly run: () => Promise<void>;
}

export class BmcQueue implements AsyncDisposable {
  #clock: Clock;
  #open: () => Promise<Bmc>;
  #audit: (entry: AuditEntry) => void;
  #idleMs: number;
  #backOff: { readonly firstMs: number; readonly mostMs: number };

  #commands: Job[] = [];
  #polls: Job[] = [];
  #working: Promise<void> | undefined;
  #bmc: Bmc | undefined;
  #idle: Disposable | undefined;
  #failures = 0;
  #restUntil = 0;
  #closing = new AbortController();

  constructor({
    clock,
    open,
    audit,
    idleMs = 45_000,
    backOff = { firstMs: 1_000, mostMs: 300_000 },
  }: QueueOptions) {
    this.#clock = clock;
    this.#open = open;
    this.#audit = audit;
    this.#idleMs = idleMs;
    this.#backOff = backOff;
  }

  /** Something that changes the server: before every poll that waits, after every command asked for earlier. */
  command<T>(name: string, work: (bmc: Bmc) => Promise<T>): Promise<T> {
    return this.#enqueue("command", name, work);
  }

  /** A question that can wait. */
  poll<T>(name: string, work: (bmc: Bmc) => Promise<T>): Promise<T> {
    return this.#enqueue("poll", name, work);
  }

  #enqueue<T>(kind: Job["kind"], name: string, work: (bmc: Bmc) => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) return Promise.reject(closed(name));
    return new Promise<T>((resolve, reject) => {
      const run = () => this.#perform(kind, name, work).then(resolve, reject);
      (kind === "command" ? this.#commands : this.#polls).push({ kind, run });
      this.#working ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#idle?.[Symbol.dispose]();
    for (let job = this.#next(); job; job = this.#next()) await job.run();
    this.#working = undefined;
    if (this.#bmc) this.#idle = this.#clock.after(this.#idleMs, () => void this.#disconnect());
  }

  #next(): Job | undefined {
    return this.#commands.shift() ?? this.#polls.shift();
  }

  async #perform<T>(kind: Job["kind"], command: string, work: (bmc: Bmc) => Promise<T>): Promise<T> {
    const at = this.#clock.now();
    const tell = (outcome: AuditEntry["outcome"], why?: string) =>
      this.#audit({ at, command, kind, durationMs: this.#clock.now() - at, outcome, why });
    try {
      await this.#rest();
      this.#bmc ??= await this.#open();
      const answer = await work(this.#bmc);
      this.#failures = 0;
      if (isAbsent(answer)) tell("absent", answer.absent);
      else tell("done");
      return answer;
    } catch (error) {
      tell("failed", error instanceof Error ? error.message : String(error));
      if (!this.#closing.signal.aborted) await this.#failed();
      throw error;
    }
  }

  async #rest(): Promise<void> {
    const left = this.#restUntil - this.#clock.now();
    if (this.#closing.signal.aborted) throw closed("command");
    if (left > 0) await sleep(this.#clock, left, this.#closing.signal);
  }

  /** The connection may be what failed, so the next one is new; and it comes later after every failure. */
  async #failed(): Promise<void> {
    const { firstMs, mostMs } = this.#backOff;
    this.#restUntil = this.#clock.now() + Math.min(mostMs, firstMs * 2 ** this.#failures);
    this.#failures++;
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    const bmc = this.#bmc;
    this.#bmc = undefined;
    try {
      await bmc?.[Symbol.asyncDispose]();
    } catch {
      // Whatever closing a broken connection says, it is closed for us.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(closed("command"));
    this.#idle?.[Symbol.dispose]();
    await this.#working;
    this.#idle?.[Symbol.dispose]();
    await this.#disconnect();
  }
}

const closed = (name: string) => new Error(`Cannot run ${name}: the queue of this BMC is closed`);
