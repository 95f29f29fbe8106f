import { LogRing } from "./log-ring.ts";

/** The logs of all services, by the name of each. */
export class LogBook {
  readonly #rings = new Map<string, LogRing>();

  /** The service's log, made when it is first asked for. */
  open(id: string): LogRing {
    const known = this.#rings.get(id);
    if (known) return known;
    const ring = new LogRing();
    this.#rings.set(id, ring);
    return ring;
  }

  find(id: string): LogRing | undefined {
    return this.#rings.get(id);
  }

  get ids(): readonly string[] {
    return [...this.#rings.keys()].sort();
  }
}
