import { type Clock, sleep } from "../clock.ts";
import type { ResourceType } from "../resource.ts";
import type { State } from "../state.ts";
import { backOffMs, usualBackOff } from "./back-off.ts";
import { contradictions } from "./contradictions.ts";
import type { Controller } from "./controller.ts";
import { alwaysLeader, type Leadership } from "./leadership.ts";
import { type ControllerMetrics, noMetrics } from "./metrics.ts";
import { Mirror } from "./mirror.ts";
import { kindOf, type Plan, planOf, typesOf } from "./plan.ts";
import { type Log, Runner } from "./runner.ts";
import { type Standing, Standings } from "./standing.ts";
import { Turn } from "./turn.ts";

export interface RuntimeOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly controllers: readonly Controller[];
  readonly log: Log;
  /** For the jitter of back-offs. */
  readonly random: () => number;
  /** Which process runs which controller, when several share the state. */
  readonly leadership?: Leadership;
}

/**
 * Controllers at work on one state.
 *
 * What they may rely on: no key is reconciled twice at once; a change of any declared input leads to a reconcile that
 * sees it; a reconcile sees every write that this controller has made. What keeps two processes apart: a controller
 * begins only when its lease is held and its inputs have been listed anew, and every write of it expects the version
 * that was seen, asks whether the lease is still held, and goes through a view of the store that the lease fences.
 * The world beyond the store cannot be fenced: whatever a reconcile does to it must be safe to repeat.
 */
export interface Runtime {
  /** Runs the controllers until the signal aborts; resolves when every reconcile has ended and every lease is given back. */
  run(signal: AbortSignal): Promise<void>;
  /** How things stand with each key this process works on; of one controller, or of one of its keys. */
  standings(controller?: string, key?: string): readonly Standing[];
  /** By the names of the controllers. */
  metrics(): Readonly<Record<string, Readonly<ControllerMetrics>>>;
}

/** Puts controllers to work on a state. Throws when their declarations contradict each other. */
export function runtime(options: RuntimeOptions): Runtime {
  const plans = options.controllers.map(planOf);
  const wrong = contradictions(plans);
  if (wrong.length > 0) throw new Error(`Cannot run these controllers: ${wrong.join("; ")}`);
  const turn = new Turn(options.clock);
  const posts = plans.map((plan) => new Post(plan, turn, options));
  return {
    run: (signal) => runPosts(posts, options, signal),
    standings: (controller, key) =>
      posts
        .filter(({ plan }) => controller === undefined || plan.name === controller)
        .flatMap(({ standings }) => (key === undefined ? standings.all() : (standings.get(key) ?? []))),
    metrics: () => Object.fromEntries(posts.map((post) => [post.plan.name, post.metrics()])),
  };
}

async function runPosts(posts: readonly Post[], options: RuntimeOptions, signal: AbortSignal): Promise<void> {
  const { state, clock, random, log } = options;
  const mirrors = new Map<string, Mirror>();
  const mirroring: Promise<void>[] = [];
  // The mirrors outlive the controllers, which may still be ending a reconcile.
  const mirrorsStop = new AbortController();
  const mirrorOf = (type: ResourceType): Mirror => {
    const known = mirrors.get(kindOf(type));
    if (known) return known;
    const mirror = new Mirror({
      type,
      state,
      clock,
      random,
      onFailure: (error, retryMs) => log.warn(`Cannot follow ${type.type}`, { error, retryMs }),
    });
    mirrors.set(kindOf(type), mirror);
    mirroring.push(mirror.run(mirrorsStop.signal));
    return mirror;
  };
  await Promise.all(posts.map((post) => post.serve(mirrorOf, signal)));
  mirrorsStop.abort();
  await Promise.all(mirroring);
}

/** One controller's place in this process: runs it whenever this process leads. */
class Post {
  readonly plan: Plan;
  readonly standings: Standings;
  readonly #turn: Turn;
  readonly #options: RuntimeOptions;
  readonly #metrics = noMetrics();
  #runner: Runner | undefined;

  constructor(plan: Plan, turn: Turn, options: RuntimeOptions) {
    this.plan = plan;
    this.#turn = turn;
    this.standings = new Standings(plan.name);
    this.#options = options;
  }

  metrics(): ControllerMetrics {
    return { ...this.#metrics, queueDepth: this.#runner?.depth ?? 0, running: this.#runner?.running ?? 0 };
  }

  async serve(mirrorOf: (type: ResourceType) => Mirror, signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    const { name } = this.plan;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#lead(mirrorOf, signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        const retryMs = backOffMs(usualBackOff, ++failures, random);
        log.warn(`Cannot lead ${name}`, { error, retryMs });
        await sleep(clock, retryMs, signal).catch(() => undefined);
      }
    }
  }

  /** Runs the controller for one term of leadership. */
  async #lead(mirrorOf: (type: ResourceType) => Mirror, signal: AbortSignal): Promise<void> {
    const { leadership = alwaysLeader, ...options } = this.#options;
    await using lease = await leadership.acquire(this.plan.name, signal);
    using term = new Term([signal, lease.signal]);
    // Whoever led before may have written a moment ago: nothing is decided on older news than that.
    await Promise.race([term.over, Promise.all(typesOf(this.plan).map((type) => mirrorOf(type).sync()))]);
    if (term.signal.aborted) return;
    this.#metrics.leading = 1;
    try {
      await using runner = new Runner({
        ...options,
        turn: this.#turn,
        state: options.state.through((store) => lease.fenced(store)).as(this.plan.name),
        plan: this.plan,
        metrics: this.#metrics,
        standings: this.standings,
        mirrorOf,
        signal: term.signal,
      });
      this.#runner = runner;
      await term.over;
    } finally {
      this.#runner = undefined;
      this.#metrics.leading = 0;
      this.standings.clear();
    }
  }
}

/** Over as soon as any of the signals aborts. */
class Term implements Disposable {
  readonly #end = new AbortController();
  readonly #ends: readonly AbortSignal[];
  readonly over: Promise<void>;
  readonly #stop: () => void;

  constructor(ends: readonly AbortSignal[]) {
    this.#ends = ends;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#stop = () => {
      this.#end.abort(ends.find(({ aborted }) => aborted)?.reason);
      resolve();
    };
    for (const end of ends) end.addEventListener("abort", this.#stop);
    if (ends.some(({ aborted }) => aborted)) this.#stop();
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) end.removeEventListener("abort", this.#stop);
  }
}
