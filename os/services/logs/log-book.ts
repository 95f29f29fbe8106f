import { LogRing } from "./log-ring.ts";

/** The logs of all services, by the name of each. */
export class LogBook {
  readonly #now: () => Date;
  readonly #rings = new Map<string, LogRing>();
  #arrival = Promise.withResolvers<void>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** The service's log, made when it is first asked for. */
  open(id: string): LogRing {
    const known = this.#rings.get(id);
    if (known) return known;
    const ring = new LogRing({ now: this.#now });
    this.#rings.set(id, ring);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
    return ring;
  }

  find(id: string): LogRing | undefined {
    return this.#rings.get(id);
  }

  get ids(): readonly string[] {
    return [...this.#rings.keys()].sort();
  }

  /** The names of all services, and of those that come, until the signal aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<string> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const told = new Set<string>();
    while (!signal.aborted) {
      const { promise } = this.#arrival;
      for (const id of this.#rings.keys()) {
        if (told.has(id)) continue;
        told.add(id);
        yield id;
      }
      await Promise.race([promise, aborted]);
    }
  }
}
