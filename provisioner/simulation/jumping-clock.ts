import type { Clock } from "../../cosi/clock.ts";
import type { VirtualClock } from "../../cosi/virtual-clock.ts";

interface Deadline {
  readonly at: Date;
  readonly wake: () => void;
  timer: Disposable;
}

/** A clock whose time of day is set now and then, while time itself goes on evenly. */
export class JumpingClock implements Clock {
  readonly #even: VirtualClock;
  readonly #deadlines = new Set<Deadline>();
  #offsetMs = 0;

  constructor(even: VirtualClock) {
    this.#even = even;
  }

  now(): Date {
    return new Date(this.#even.elapsedMs() + this.#offsetMs);
  }

  elapsedMs(): number {
    return this.#even.elapsedMs();
  }

  after(delayMs: number, wake: () => void): Disposable {
    return this.#even.after(delayMs, wake);
  }

  at(at: Date, wake: () => void): Disposable {
    const deadline: Deadline = { at, wake, timer: { [Symbol.dispose]: () => undefined } };
    this.#arm(deadline);
    this.#deadlines.add(deadline);
    return {
      [Symbol.dispose]: () => {
        this.#deadlines.delete(deadline);
        deadline.timer[Symbol.dispose]();
      },
    };
  }

  jump(byMs: number): void {
    this.#offsetMs += byMs;
    for (const deadline of this.#deadlines) {
      deadline.timer[Symbol.dispose]();
      this.#arm(deadline);
    }
  }

  #arm(deadline: Deadline): void {
    deadline.timer = this.#even.after(deadline.at.getTime() - this.now().getTime(), () => {
      this.#deadlines.delete(deadline);
      deadline.wake();
    });
  }
}
