import type { Clock } from "../clock.ts";
import type { Resource, ResourceType } from "../resource.ts";
import type { State } from "../state.ts";
import { NotFound, PhaseConflict } from "../state-errors.ts";
import { VersionConflict } from "../store.ts";
import { usualBackOff } from "./back-off.ts";
import { Joins } from "./joins.ts";
import { type ControllerMetrics, countDuration } from "./metrics.ts";
import type { Mirror } from "./mirror.ts";
import { Outputs } from "./outputs.ts";
import type { Plan } from "./plan.ts";
import type { Standings } from "./standing.ts";
import type { Turn } from "./turn.ts";
import type { AnyVerdict } from "./verdict.ts";
import { WorkQueue } from "./work-queue.ts";

/** Where the engine tells what happens. */
export interface Log {
  info(message: string, facts: Readonly<Record<string, unknown>>): void;
  warn(message: string, facts: Readonly<Record<string, unknown>>): void;
}

export interface RunnerOptions {
  readonly plan: Plan;
  /** Writes in the controller's name. */
  readonly state: State;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: ControllerMetrics;
  readonly standings: Standings;
  readonly mirrorOf: (type: ResourceType) => Mirror;
  /** Aborts when the controller has to stop: nothing is written after that. */
  readonly signal: AbortSignal;
}

/** A deadline that has passed is looked at this much later, lest a controller that always gives one spins. */
const soonestMs = 100;

/** So many reconciles in a row may each change what the next one reads, before the key is taken to be restless. */
const longestChain = 20;

/** Runs one controller, from the moment it may until it has to stop. */
export class Runner implements AsyncDisposable {
  readonly #options: RunnerOptions;
  readonly #joins: Joins;
  readonly #outputs: Outputs;
  readonly #queue: WorkQueue;
  /** Keys whose own writes have changed their inputs, since their last reconcile began. */
  readonly #stirred = new Set<string>();
  /** How many reconciles in a row have done that. */
  readonly #chains = new Map<string, number>();

  /** The mirrors of all its types have to be in sync. */
  constructor(options: RunnerOptions) {
    this.#options = options;
    const { plan, state, clock, turn, random, metrics, mirrorOf, signal, log } = options;
    this.#queue = new WorkQueue({
      clock,
      turn,
      random,
      backOff: usualBackOff,
      concurrency: plan.concurrency,
      work: (key, failures) => this.#work(key, failures),
      onFailure: (key, error, failures, retry) => this.#failed(key, error, failures, retry),
    });
    const onKey = (key: string) => {
      if (this.#outputs.writing === key) this.#stirred.add(key);
      this.#queue.add(key);
    };
    this.#outputs = new Outputs({
      plan,
      state,
      mirrorOf,
      onKey,
      guard: () => signal.throwIfAborted(),
      onWrite: () => metrics.writes++,
    });
    this.#joins = new Joins({
      plan,
      mirrorOf,
      onKey,
      onBadJoin: ({ metadata }, error) =>
        log.warn(`${plan.name} cannot tell what belongs to ${metadata.type} ${metadata.id}`, { error }),
    });
    for (const key of new Set([...this.#joins.keys(), ...this.#outputs.keys()])) this.#queue.add(key);
  }

  get depth(): number {
    return this.#queue.depth;
  }

  get running(): number {
    return this.#queue.running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#joins[Symbol.dispose]();
    this.#outputs[Symbol.dispose]();
    await this.#queue.close();
  }

  async #work(key: string, failures: number): Promise<Date | undefined> {
    const { clock, metrics, signal } = this.#options;
    signal.throwIfAborted();
    const began = clock.elapsedMs();
    metrics.reconciles++;
    if (failures > 0) metrics.retries++;
    this.#stirred.delete(key);
    try {
      const again = await this.#once(key, failures);
      this.#mustRest(key);
      return again;
    } finally {
      countDuration(metrics, clock.elapsedMs() - began);
    }
  }

  async #once(key: string, failures: number): Promise<Date | undefined> {
    const { plan, mirrorOf } = this.#options;
    const primary = plan.each && mirrorOf(plan.each).get(key);
    if (plan.each && primary === undefined) return await this.#orphan(key);
    if (primary?.metadata.phase === "tearingDown") return await this.#teardown(key, primary, failures);
    return await this.#reconcile(key, primary, failures);
  }

  /** A reconcile that always changes what it reads would never rest: it is treated as one that fails. */
  #mustRest(key: string): void {
    if (!this.#stirred.has(key)) {
      this.#chains.delete(key);
      return;
    }
    const links = (this.#chains.get(key) ?? 0) + 1;
    this.#chains.set(key, links);
    if (links <= longestChain) return;
    throw new Error(`Cannot come to rest: ${links} reconciles in a row have changed their own inputs`);
  }

  async #reconcile(key: string, primary: Resource | undefined, failures: number): Promise<Date | undefined> {
    const { plan } = this.#options;
    // What a reconcile does to the world must not outlive the primary: with a teardown, the hold comes first.
    const held = primary && plan.controller.teardown ? await this.#hold(primary) : primary;
    if (primary && !held) return undefined;
    const verdict = await this.#decide("reconcile", key, held, failures);
    let obstacle: string | undefined;
    if (verdict.do === "set") {
      if (held && plan.owns.length > 0 && !(await this.#hold(held))) return undefined;
      obstacle = await this.#outputs.set(key, verdict);
    } else if (verdict.do === "remove") {
      obstacle = await this.#outputs.remove(key);
    }
    return this.#stand(key, verdict, obstacle);
  }

  /** The primary is leaving: undo, remove the outputs, and let go of it. */
  async #teardown(key: string, primary: Resource, failures: number): Promise<Date | undefined> {
    const { plan, state, standings, metrics, mirrorOf, signal } = this.#options;
    const holds = primary.metadata.finalizers.includes(plan.name);
    if (holds && plan.controller.teardown) {
      const verdict = await this.#decide("teardown", key, primary, failures);
      if (verdict.do !== "remove") return this.#stand(key, verdict, undefined);
    }
    const obstacle = await this.#outputs.remove(key);
    if (obstacle) return this.#stand(key, { do: "remove", why: "being torn down" }, obstacle);
    if (holds) {
      signal.throwIfAborted();
      const released = await state.removeFinalizer(plan.each!, key, plan.name);
      metrics.writes++;
      mirrorOf(plan.each!).observe(released);
    }
    standings.delete(key);
    return undefined;
  }

  /** The primary is gone: so shall be what was made for it. */
  async #orphan(key: string): Promise<Date | undefined> {
    const obstacle = await this.#outputs.remove(key);
    if (obstacle) return this.#stand(key, { do: "remove", why: "its cause is gone" }, obstacle);
    this.#options.standings.delete(key);
    return undefined;
  }

  /** Makes sure that the primary cannot go before we have cleaned up after it, unless it is already going. */
  async #hold(primary: Resource): Promise<Resource | undefined> {
    const { plan, state, metrics, mirrorOf, signal } = this.#options;
    const mirror = mirrorOf(plan.each!);
    const now = mirror.get(primary.metadata.id);
    // The change that took it away has already asked for another reconcile.
    if (now?.metadata.phase !== "running") return undefined;
    if (now.metadata.finalizers.includes(plan.name)) return now;
    signal.throwIfAborted();
    const held = await state.addFinalizer(plan.each!, now.metadata.id, plan.name);
    metrics.writes++;
    mirror.observe(held);
    return held;
  }

  async #decide(
    step: "reconcile" | "teardown",
    key: string,
    primary: Resource | undefined,
    failures: number,
  ): Promise<AnyVerdict> {
    const { plan, clock, signal, metrics } = this.#options;
    signal.throwIfAborted();
    const decide = plan.controller[step] as (...parameters: unknown[]) => AnyVerdict | Promise<AnyVerdict>;
    const inputs = this.#joins.inputsOf(key);
    using patience = new Patience(clock, plan.timeoutMs, signal);
    const context = {
      get signal() {
        return patience.signal;
      },
      failures,
    };
    const verdict = await (plan.each ? decide(primary, inputs, context) : decide(inputs, context));
    // A verdict reached while it had to stop is not carried out: another process may lead by now.
    signal.throwIfAborted();
    metrics.verdicts[verdict.do]++;
    return verdict;
  }

  #stand(key: string, verdict: AnyVerdict, obstacle: string | undefined): Date | undefined {
    const { clock, standings, plan, log } = this.#options;
    const now = clock.now();
    const until = verdict.until && new Date(Math.max(verdict.until.getTime(), now.getTime() + soonestMs));
    if (Number.isNaN(until?.getTime()))
      throw new Error(`Cannot wait for ${plan.name} ${key}: its deadline is no date`);
    const why = obstacle ?? verdict.why ?? "";
    const state = obstacle ? "wait" : verdict.do;
    const changed = standings.set(key, now, { state, why, until, failures: 0 });
    if (changed)
      log.info(`${plan.name} ${key}: ${state}${why && `, ${why}`}`, { controller: plan.name, key });
    return until;
  }

  #failed(key: string, error: unknown, failures: number, retry: Date): void {
    const { metrics, signal, standings, clock, plan, log } = this.#options;
    if (signal.aborted) return;
    const isOvertaken = tooLate(error);
    if (isOvertaken) metrics.conflicts++;
    else metrics.failures++;
    const why = error instanceof Error ? error.message : String(error);
    standings.set(key, clock.now(), { state: "error", why, until: retry, failures });
    // Nothing is wrong when somebody else was faster: it is looked at again.
    const facts = { controller: plan.name, key, failures, retry, error };
    if (isOvertaken) log.info(`${plan.name} ${key}: overtaken, ${why}`, facts);
    else log.warn(`${plan.name} ${key}: ${why}`, facts);
  }
}

/** Whether somebody else's write came first: news of it is under way. */
const tooLate = (error: unknown) =>
  error instanceof VersionConflict || error instanceof NotFound || error instanceof PhaseConflict;

/** A signal for one reconcile: aborts when the controller has to stop, or when it has taken too long. Most ask for none. */
class Patience implements Disposable {
  readonly #clock: Clock;
  readonly #timeoutMs: number | undefined;
  readonly #outer: AbortSignal;
  readonly #beganMs: number;
  #over: AbortController | undefined;
  #timer: Disposable | undefined;

  constructor(clock: Clock, timeoutMs: number | undefined, outer: AbortSignal) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#outer = outer;
    this.#beganMs = clock.elapsedMs();
  }

  get signal(): AbortSignal {
    this.#over ??= this.#begin();
    return this.#over.signal;
  }

  #begin(): AbortController {
    const over = new AbortController();
    const timeoutMs = this.#timeoutMs;
    if (this.#outer.aborted) over.abort(this.#outer.reason);
    this.#outer.addEventListener("abort", this.#stop);
    if (timeoutMs !== undefined) {
      const leftMs = timeoutMs - (this.#clock.elapsedMs() - this.#beganMs);
      this.#timer = this.#clock.after(leftMs, () =>
        over.abort(new Error(`Cannot go on: this took longer than ${timeoutMs / 1000} s`)),
      );
    }
    return over;
  }

  readonly #stop = () => this.#over?.abort(this.#outer.reason);

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#over) this.#outer.removeEventListener("abort", this.#stop);
  }
}
