interface Waiting {
  readonly go: () => void;
  next?: Waiting;
}

/** Lets so many through at once; the others wait in line. */
export class Turnstile {
  #free: number;
  // A list, as taking the first of a long array moves all the others.
  #first: Waiting | undefined;
  #last: Waiting | undefined;

  constructor(width: number) {
    this.#free = width;
  }

  async pass<T>(run: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#queue();
    try {
      return await run();
    } finally {
      this.#leave();
    }
  }

  #queue(): Promise<void> {
    return new Promise((go) => {
      const waiting = { go };
      if (this.#last) this.#last.next = waiting;
      else this.#first = waiting;
      this.#last = waiting;
    });
  }

  /** Whoever is next takes the place over. */
  #leave(): void {
    const next = this.#first;
    if (!next) {
      this.#free++;
      return;
    }
    this.#first = next.next;
    if (!this.#first) this.#last = undefined;
    next.go();
  }
}
