/** How many calls are being answered, and when none is. */
export class InFlight {
  #count = 0;
  #idle: (() => void)[] = [];

  enter(): Disposable {
    this.#count += 1;
    return {
      [Symbol.dispose]: () => {
        this.#count -= 1;
        if (this.#count > 0) return;
        const waiting = this.#idle;
        this.#idle = [];
        for (const wake of waiting) wake();
      },
    };
  }

  /** Resolves when no call is being answered. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    return promise;
  }
}
