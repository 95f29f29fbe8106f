import { type Clock, sleep } from "../../../cosi/clock.ts";
import type { MachineConfig } from "../../../machine-config/machine-config.ts";

export interface ConfigPlaces {
  /** What the node follows now; undefined before it has any. */
  readonly current: () => MachineConfig | undefined;
  /** Makes the node follow it. */
  readonly follow: (config: MachineConfig) => Promise<void>;
  /** Keeps it for the boots to come. */
  readonly persist: (config: MachineConfig) => Promise<void>;
}

interface Trial {
  /** What the node goes back to. */
  readonly before: MachineConfig;
  readonly end: AbortController;
  readonly done: Promise<void>;
}

/** Changes the config of the node, one change after the other, and takes back one that was only tried. */
export class ConfigKeeper implements AsyncDisposable {
  readonly #places: ConfigPlaces;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  #trial: Trial | undefined;
  #busy = false;

  constructor(options: ConfigPlaces & { readonly clock: Clock; readonly failed: (error: unknown) => void }) {
    this.#places = options;
    this.#clock = options.clock;
    this.#failed = options.failed;
  }

  get current(): MachineConfig | undefined {
    return this.#places.current();
  }

  /** Runs one change at a time; undefined when another is under way. */
  async alone<T>(change: () => Promise<T>): Promise<T | undefined> {
    if (this.#busy) return undefined;
    this.#busy = true;
    try {
      return await change();
    } finally {
      this.#busy = false;
    }
  }

  /** Now and for ever. */
  async apply(config: MachineConfig): Promise<void> {
    this.#trial?.end.abort();
    this.#trial = undefined;
    await this.#places.persist(config);
    await this.#places.follow(config);
  }

  /** From the next boot on. What is being tried meanwhile is taken back as it would be. */
  async stage(config: MachineConfig): Promise<void> {
    await this.#places.persist(config);
  }

  /** Now, and back to what was before when the time is over and nothing else has been applied. */
  async try(config: MachineConfig, timeoutMs: number): Promise<void> {
    // One trial after the other: it is what is kept that a machine goes back to.
    const before = this.#trial?.before ?? this.#places.current();
    if (!before) throw new Error("Cannot try a config: there is none to go back to");
    this.#trial?.end.abort();
    await this.#places.follow(config);
    const end = new AbortController();
    const done = sleep(this.#clock, timeoutMs, end.signal)
      .then(() => {
        this.#trial = undefined;
        return this.#places.follow(before);
      })
      .catch((error: unknown) => {
        if (!end.signal.aborted) this.#failed(error);
      });
    this.#trial = { before, end, done };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#trial?.end.abort();
    await this.#trial?.done;
  }
}
