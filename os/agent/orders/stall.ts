import type { Clock } from "../../../cosi/clock.ts";

/** What makes no progress for so long is worth a word. */
export const stalledAfterMs = 30_000;

/** Calls when nothing has moved for too long, once. */
export class Stall implements Disposable {
  readonly #clock: Clock;
  readonly #stalled: () => void;
  #timer: Disposable | undefined;
  #over = false;

  constructor(clock: Clock, stalled: () => void) {
    this.#clock = clock;
    this.#stalled = stalled;
    this.moved();
  }

  moved(): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#over) return;
    this.#timer = this.#clock.after(stalledAfterMs, () => {
      this.#over = true;
      this.#stalled();
    });
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#timer?.[Symbol.dispose]();
  }
}
