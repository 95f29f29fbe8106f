import type { Clock } from "../../cosi/clock.ts";

const intervalMs = 50;
/** So many need not wait when nobody was turned on for a while. */
const burst = 20;

/**
 * In which order machines are turned on, 20 a second: racks that start in one moment trip breakers, and ask for their
 * boots in one moment too.
 */
export class PowerPace {
  readonly #clock: Pick<Clock, "elapsedMs">;
  readonly #turns = new Map<string, number>();
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "elapsedMs">) {
    this.#clock = clock;
  }

  /** How long until a machine's turn comes. It keeps its turn until it leaves. */
  waitMs(machine: string): number {
    const now = this.#clock.elapsedMs();
    const turn = this.#turns.get(machine) ?? Math.max(this.#lastMs, now - burst * intervalMs) + intervalMs;
    if (!this.#turns.has(machine)) this.#lastMs = turn;
    this.#turns.set(machine, turn);
    return Math.max(0, turn - now);
  }

  /** It has been turned on, or need not be any more. */
  leave(machine: string): void {
    this.#turns.delete(machine);
  }
}
