import { type Clock, sleep } from "../../../cosi/clock.ts";
import type { LogBook } from "../logs/log-book.ts";
import type {
  Health,
  HealthCheck,
  Service,
  ServiceChange,
  ServiceStanding,
  ServiceState,
} from "./service.ts";

/** Between the end of a service and its next start: longer each time that it ends soon after its start. */
const restartDelaysMs = [5_000, 10_000, 20_000, 40_000, 60_000] as const;
/** Who has been up for so long has not ended soon. */
const steadyAfterMs = 60_000;
const keptChanges = 64;

export interface SupervisedOptions {
  readonly clock: Clock;
  readonly logs: LogBook;
  /** Resolves when the service is up, or has ended well and will not start again. */
  readonly up: (id: string, signal: AbortSignal) => Promise<void>;
  readonly changed: (standing: ServiceStanding) => void;
}

/** One service through its lives. */
export class Supervised {
  readonly service: Service;
  readonly #options: SupervisedOptions;
  readonly #changes: ServiceChange[] = [];
  #health: Health;
  #life: { readonly stop: AbortController; readonly over: Promise<void> } | undefined;
  #watchers: (() => void)[] = [];

  constructor(service: Service, options: SupervisedOptions) {
    this.service = service;
    this.#options = options;
    this.#health = { known: false, healthy: false, message: "", changed: options.clock.now() };
    this.#change("Initialized", "Service is loaded");
  }

  get standing(): ServiceStanding {
    const { state } = this.#changes.at(-1)!;
    return { id: this.service.id, state, changes: [...this.#changes], health: this.#health };
  }

  get isRunning(): boolean {
    return this.#life !== undefined;
  }

  start(): void {
    if (this.#life) return;
    const stop = new AbortController();
    const over = this.#live(stop.signal).finally(() => {
      this.#life = undefined;
    });
    this.#life = { stop, over };
  }

  async stop(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    if (!life.stop.signal.aborted) this.#change("Stopping", "Stopping service");
    life.stop.abort(new Error("the service is to stop"));
    await life.over;
  }

  /** Resolves when it is as asked; rejects when the signal aborts. */
  async until(fits: (standing: ServiceStanding) => boolean, signal: AbortSignal): Promise<void> {
    while (!fits(this.standing)) {
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { restart } = this.service;
    try {
      await this.#prepare(signal);
      for (let tries = 0; ; tries += 1) {
        const began = this.#options.clock.elapsedMs();
        const failure = await this.#run(signal);
        if (signal.aborted) break;
        if (this.#options.clock.elapsedMs() - began >= steadyAfterMs) tries = 0;
        const again = restart === "always" || (restart === "untilSuccess" && failure !== undefined);
        if (!again) return this.#ended(failure);
        this.#change("Waiting", `${failure ?? "Service has ended"}, going to restart`);
        const delayMs = restartDelaysMs[Math.min(tries, restartDelaysMs.length - 1)]!;
        await sleep(this.#options.clock, delayMs, signal);
      }
      this.#change("Finished", "Service finished successfully");
    } catch (error) {
      if (signal.aborted) this.#change("Finished", "Service finished successfully");
      else this.#change("Failed", sentence(error));
    }
  }

  #ended(failure: string | undefined): void {
    if (failure === undefined) this.#change("Finished", "Service finished successfully");
    else this.#change("Failed", failure);
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const { dependsOn = [], conditions = [] } = this.service;
    const services = dependsOn.map((id) => ({
      waitsFor: `service ${JSON.stringify(id)} to be "up"`,
      met: () => this.#options.up(id, signal),
    }));
    const waits = [...services, ...conditions];
    const open = new Set(waits.map(({ waitsFor }) => waitsFor));
    const say = () => open.size > 0 && this.#change("Waiting", `Waiting for ${[...open].join(", ")}`);
    say();
    await Promise.all(
      waits.map(async ({ waitsFor, met }) => {
        await met(signal);
        open.delete(waitsFor);
        say();
      }),
    );
    signal.throwIfAborted();
    this.#change("Preparing", "Running pre state");
  }

  /** One run. Resolves to why it failed; undefined when it did not. */
  async #run(signal: AbortSignal): Promise<string | undefined> {
    const { id, run, health } = this.service;
    const ended = new AbortController();
    const both = AbortSignal.any([signal, ended.signal]);
    let watching: Promise<void> | undefined;
    this.#change("Starting", "Creating service runner");
    try {
      await run({
        log: this.#options.logs.open(id),
        signal,
        started: (message) => {
          this.#change("Running", message);
          if (health) watching ??= this.#watch(health, both);
        },
      });
      return undefined;
    } catch (error) {
      return sentence(error);
    } finally {
      ended.abort();
      await watching;
      this.#setHealth({ known: false, healthy: false, message: "" });
    }
  }

  async #watch(health: HealthCheck, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      await sleep(clock, health.initialDelayMs, signal);
      for (;;) {
        await this.#look(health, signal);
        await sleep(clock, health.everyMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #look({ check, timeoutMs }: HealthCheck, signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    using _ = this.#options.clock.after(timeoutMs, () => late.abort(new Error("it did not answer in time")));
    try {
      await check(AbortSignal.any([signal, late.signal]));
      if (signal.aborted) return;
      if (!this.#health.healthy) this.#change("Running", "Health check successful");
      this.#setHealth({ known: true, healthy: true, message: "" });
    } catch (error) {
      if (signal.aborted) return;
      const message = sentence(error);
      if (this.#health.healthy || !this.#health.known) {
        this.#change("Running", `Health check failed: ${message}`);
      }
      this.#setHealth({ known: true, healthy: false, message });
    }
  }

  #setHealth(health: Omit<Health, "changed">): void {
    const { known, healthy, message } = this.#health;
    if (known === health.known && healthy === health.healthy && message === health.message) return;
    this.#health = { ...health, changed: this.#options.clock.now() };
    this.#tell();
  }

  #change(state: ServiceState, message: string): void {
    this.#changes.push({ state, message, at: this.#options.clock.now() });
    if (this.#changes.length > keptChanges) this.#changes.shift();
    this.#tell();
  }

  #tell(): void {
    this.#options.changed(this.standing);
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }
}

const sentence = (error: unknown) => (error instanceof Error ? error.message : String(error));
