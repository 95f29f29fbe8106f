/** Something that ends this boot. */
export interface Fault {
  readonly reason: string;
  /** What the machine does now. */
  readonly next: string;
}

/** What went wrong beyond repair, on its way to everybody who can still be told. */
export class Faults {
  readonly #listeners: ((fault: Fault) => void)[] = [];
  readonly #told: Fault[] = [];

  /** The listener hears also of what was told before it listened. */
  listen(listener: (fault: Fault) => void): void {
    for (const fault of this.#told) listener(fault);
    this.#listeners.push(listener);
  }

  tell(fault: Fault): void {
    this.#told.push(fault);
    for (const listener of this.#listeners) listener(fault);
  }
}
