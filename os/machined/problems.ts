import type { Level, Log } from "./log.ts";

export interface Problem {
  readonly at: Date;
  readonly text: string;
}

/** A log that remembers the last things that went wrong, for the screen. */
export class ProblemLog implements Log {
  readonly #log: Log;
  readonly #now: () => Date;
  readonly #kept: Problem[] = [];
  readonly #most: number;

  constructor(log: Log, now: () => Date, most = 6) {
    this.#log = log;
    this.#now = now;
    this.#most = most;
  }

  /** The newest last. */
  get problems(): readonly Problem[] {
    return this.#kept;
  }

  write(level: Level, text: string): void {
    this.#log.write(level, text);
    if (level !== "error" && level !== "warn") return;
    // What is tried again and again fails again and again: once is enough.
    const known = this.#kept.findIndex((problem) => problem.text === text);
    if (known >= 0) this.#kept.splice(known, 1);
    this.#kept.push({ at: this.#now(), text });
    if (this.#kept.length > this.#most) this.#kept.shift();
  }
}
