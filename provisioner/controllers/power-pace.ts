import type { Clock } from "../../cosi/clock.ts";

interface Pace {
  readonly perSecond: number;
  /** So many need not wait when there was nobody for a while. */
  readonly burst: number;
}

/** In which order something is done with machines, so many a second. */
export class PowerPace {
  readonly #clock: Pick<Clock, "elapsedMs">;
  readonly #intervalMs: number;
  readonly #burst: number;
  readonly #turns = new Map<string, number>();
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "elapsedMs">, { perSecond, burst }: Pace) {
    this.#clock = clock;
    this.#intervalMs = 1_000 / perSecond;
    this.#burst = burst;
  }

  /** How long until a machine's turn comes. It keeps its turn until it leaves. */
  waitMs(machine: string): number {
    const now = this.#clock.elapsedMs();
    const earliest = Math.max(this.#lastMs, now - this.#burst * this.#intervalMs) + this.#intervalMs;
    const turn = this.#turns.get(machine) ?? earliest;
    if (!this.#turns.has(machine)) this.#lastMs = turn;
    this.#turns.set(machine, turn);
    return Math.max(0, turn - now);
  }

  /** It has been done, or need not be any more. */
  leave(machine: string): void {
    this.#turns.delete(machine);
  }
}
