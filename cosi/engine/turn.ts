import type { Clock } from "../clock.ts";

/** After so long without a pause, whoever else waits for the event loop goes first. */
const turnMs = 4;

/** A share of the event loop, which all queues of work have together: each for itself would keep it for too long. */
export class Turn {
  readonly #clock: Pick<Clock, "after" | "elapsedMs">;
  #beganMs: number;
  #waiting = new Set<() => void>();
  #pause: Disposable | undefined;

  constructor(clock: Pick<Clock, "after" | "elapsedMs">) {
    this.#clock = clock;
    this.#beganMs = clock.elapsedMs();
  }

  get isOver(): boolean {
    return this.#pause !== undefined || this.#clock.elapsedMs() - this.#beganMs > turnMs;
  }

  /** Calls in the next turn; those who did not come to it in one are first in the one after. */
  next(resume: () => void): void {
    this.#waiting.add(resume);
    this.#pause ??= this.#clock.after(0, () => this.#begin());
  }

  /** Takes back what `next` was asked for. */
  leave(resume: () => void): void {
    this.#waiting.delete(resume);
    if (this.#waiting.size > 0) return;
    this.#pause?.[Symbol.dispose]();
    this.#pause = undefined;
  }

  #begin(): void {
    this.#pause = undefined;
    this.#beganMs = this.#clock.elapsedMs();
    for (const resume of [...this.#waiting]) {
      if (this.isOver) break;
      this.#waiting.delete(resume);
      resume();
    }
    if (this.#waiting.size > 0) this.#pause ??= this.#clock.after(0, () => this.#begin());
  }
}
