type Listener = (bytes: Uint8Array) => void;

/** The serial line between host and BMC. Without a machine attached it echoes, which is enough to prove both ways. */
export class SerialConsole {
  #screen = new Set<Listener>();
  #keyboard: Listener = (bytes) => this.print(bytes);

  /** From the host to whoever watches. */
  print(bytes: Uint8Array): void {
    for (const listener of this.#screen) listener(bytes);
  }

  /** From whoever types to the host. */
  type(bytes: Uint8Array): void {
    this.#keyboard(bytes);
  }

  watch(listener: Listener): Disposable {
    this.#screen.add(listener);
    return { [Symbol.dispose]: () => this.#screen.delete(listener) };
  }

  attach(keyboard: Listener): void {
    this.#keyboard = keyboard;
  }
}
