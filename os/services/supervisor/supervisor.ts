import type { Clock } from "../../../cosi/clock.ts";
import type { LogBook } from "../logs/log-book.ts";
import type { Operation, Service, ServiceStanding } from "./service.ts";
import { Supervised } from "./supervised.ts";

export interface SupervisorOptions {
  readonly clock: Clock;
  readonly logs: LogBook;
  readonly changed: (standing: ServiceStanding) => void;
}

/** Why an operation over the API was refused. */
export class OperationRefused extends Error {
  override readonly name = "OperationRefused";
  readonly why: "unknown" | "unsupported";

  constructor(why: "unknown" | "unsupported", message: string) {
    super(message);
    this.why = why;
  }
}

/** Starts services when what they need is up, keeps them up, and stops them in the opposite order. */
export class Supervisor implements AsyncDisposable {
  readonly #options: SupervisorOptions;
  readonly #services = new Map<string, Supervised>();
  #arrival = Promise.withResolvers<void>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Takes it in charge, and starts it. */
  run(service: Service): void {
    if (this.#services.has(service.id)) throw new Error(`Cannot run ${service.id}: it is there already`);
    const supervised = new Supervised(service, {
      ...this.#options,
      up: (id, signal) => this.#up(id, signal),
    });
    this.#services.set(service.id, supervised);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
    supervised.start();
  }

  get standings(): readonly ServiceStanding[] {
    return [...this.#services.values()]
      .map(({ standing }) => standing)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** What an operator asks for. Rejects with OperationRefused. */
  async operate(operation: Operation, id: string): Promise<void> {
    const supervised = this.#services.get(id);
    if (!supervised) throw new OperationRefused("unknown", `service ${JSON.stringify(id)} is not defined`);
    if (!supervised.service.operable?.includes(operation)) {
      const sentence = `service ${JSON.stringify(id)} doesn't support ${operation} operation via API`;
      throw new OperationRefused("unsupported", sentence);
    }
    if (operation !== "start") await supervised.stop();
    if (operation !== "stop") supervised.start();
  }

  /** Stops all but those; each before those that it depends on. */
  async stopAll({ except = new Set() }: { readonly except?: ReadonlySet<string> } = {}): Promise<void> {
    const stopped = new Map<string, Promise<void>>();
    const stop = (supervised: Supervised): Promise<void> => {
      const { id } = supervised.service;
      const known = stopped.get(id);
      if (known) return known;
      const dependents = [...this.#services.values()].filter(({ service }) =>
        service.dependsOn?.includes(id),
      );
      const done = Promise.all(dependents.map(stop)).then(() => supervised.stop());
      stopped.set(id, done);
      return done;
    };
    const wanted = [...this.#services.values()].filter(({ service }) => !except.has(service.id));
    await Promise.all(wanted.map(stop));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopAll();
  }

  async #up(id: string, signal: AbortSignal): Promise<void> {
    const supervised = await this.#found(id, signal);
    const { health } = supervised.service;
    await supervised.until(
      ({ state, health: { healthy } }) =>
        state === "Finished" || state === "Skipped" || (state === "Running" && (!health || healthy)),
      signal,
    );
  }

  /** The service, once it is there: services may be run in any order. */
  async #found(id: string, signal: AbortSignal): Promise<Supervised> {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    for (;;) {
      signal.throwIfAborted();
      const supervised = this.#services.get(id);
      if (supervised) return supervised;
      await Promise.race([this.#arrival.promise, aborted]);
    }
  }
}
