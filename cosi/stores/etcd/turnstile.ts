/** Lets so many through at once; the others wait in line. */
export class Turnstile {
  #free: number;
  readonly #line: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  async pass<T>(run: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((go) => this.#line.push(go));
    try {
      return await run();
    } finally {
      // Whoever is next takes this place over.
      const next = this.#line.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
