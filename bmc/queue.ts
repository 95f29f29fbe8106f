// One queue per BMC: commands never race, polls yield to commands, a BMC that failed is left alone for a while, what was
// done is read back, and everything is told to the audit trail. BMCs hang on bursts, run out of sessions and lie.
import { type Bmc, isAbsent } from "./bmc.ts";
import { type Clock, sleep } from "./clock.ts";
import { type OneAtATime, oneAtATime } from "./one-at-a-time.ts";
import { within } from "./within.ts";

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
  /** Shared by the queues of several servers behind one BMC: it does one thing at a time for all of them. */
  readonly inTurn?: OneAtATime | undefined;
  /** Sessions are scarce: one that nobody used for so long is closed. */
  readonly idleMs?: number | undefined;
  readonly backOff?: { readonly firstMs: number; readonly mostMs: number } | undefined;
  /** For all of one job. A change may have to wait for a whole POST; a question holds up the commands behind it. */
  readonly deadlinesMs?: { readonly command: number; readonly poll: number } | undefined;
  /** A connection this old is replaced, so that whoever opens looks anew at which protocol the BMC speaks best. */
  readonly renewMs?: number | undefined;
}

interface Job {
  readonly kind: "command" | "poll";
  readonly run: () => Promise<void>;
}

export class BmcQueue implements AsyncDisposable {
  #clock: Clock;
  #open: () => Promise<Bmc>;
  #audit: (entry: AuditEntry) => void;
  #inTurn: OneAtATime;
  #idleMs: number;
  #backOff: { readonly firstMs: number; readonly mostMs: number };
  #deadlinesMs: { readonly command: number; readonly poll: number };
  #renewMs: number;

  #commands: Job[] = [];
  #polls: Job[] = [];
  #working: Promise<void> | undefined;
  #connection: { readonly bmc: Bmc; readonly since: number } | undefined;
  #idle: Disposable | undefined;
  #failures = 0;
  #restUntil = 0;
  #closing = new AbortController();

  constructor({
    clock,
    open,
    audit,
    inTurn = oneAtATime(),
    idleMs = 45_000,
    backOff = { firstMs: 1_000, mostMs: 300_000 },
    deadlinesMs = { command: 15 * 60_000, poll: 2 * 60_000 },
    renewMs = 15 * 60_000,
  }: QueueOptions) {
    this.#clock = clock;
    this.#open = open;
    this.#audit = audit;
    this.#inTurn = inTurn;
    this.#idleMs = idleMs;
    this.#backOff = backOff;
    this.#deadlinesMs = deadlinesMs;
    this.#renewMs = renewMs;
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
    while (this.#commands.length + this.#polls.length > 0) {
      // Before one is chosen: a command that comes meanwhile goes first.
      await this.#rest();
      await this.#next()!.run();
    }
    this.#working = undefined;
    if (this.#connection) this.#idle = this.#clock.after(this.#idleMs, () => void this.#disconnect());
  }

  #next(): Job | undefined {
    return this.#commands.shift() ?? this.#polls.shift();
  }

  async #rest(): Promise<void> {
    const left = this.#restUntil - this.#clock.now();
    const { signal } = this.#closing;
    // A queue that closes does not rest: it refuses what is left.
    if (left > 0 && !signal.aborted) await sleep(this.#clock, left, signal).catch(() => {});
  }

  async #perform<T>(kind: Job["kind"], command: string, work: (bmc: Bmc) => Promise<T>): Promise<T> {
    const { signal } = this.#closing;
    const at = this.#clock.now();
    const tell = (outcome: AuditEntry["outcome"], why?: string) =>
      this.#audit({ at, command, kind, durationMs: this.#clock.now() - at, outcome, why });
    try {
      const limits = { clock: this.#clock, ms: this.#deadlinesMs[kind], what: command, signal };
      const answer = await this.#inTurn(() =>
        within(limits, async (signal) => work(await this.#connected(signal))),
      );
      this.#failures = 0;
      if (isAbsent(answer)) tell("absent", answer.absent);
      else tell("done");
      return answer;
    } catch (error) {
      tell("failed", error instanceof Error ? error.message : String(error));
      if (!signal.aborted) await this.#failed();
      throw error;
    }
  }

  async #connected(signal: AbortSignal): Promise<Bmc> {
    const now = this.#clock.now();
    if (this.#connection && now - this.#connection.since >= this.#renewMs) await this.#disconnect();
    if (this.#connection) return this.#connection.bmc;
    const bmc = await this.#open();
    if (signal.aborted) {
      // Nobody waits for it any more, and the next one may be open already.
      await bmc[Symbol.asyncDispose]();
      throw signal.reason;
    }
    this.#connection = { bmc, since: now };
    return bmc;
  }

  /** The connection may be what failed, so the next one is new; and it comes later after every failure. */
  async #failed(): Promise<void> {
    const { firstMs, mostMs } = this.#backOff;
    this.#restUntil = this.#clock.now() + Math.min(mostMs, firstMs * 2 ** this.#failures);
    this.#failures++;
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      await connection?.bmc[Symbol.asyncDispose]();
    } catch {
      // Whatever closing a broken connection says, it is closed for us.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error("Cannot finish: the queue of this BMC is closed"));
    this.#idle?.[Symbol.dispose]();
    await this.#working;
    this.#idle?.[Symbol.dispose]();
    await this.#disconnect();
  }
}

const closed = (name: string) => new Error(`Cannot run ${name}: the queue of this BMC is closed`);
