import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** Why QEMU ended, as its SHUTDOWN event says. */
export type ShutdownReason = string;

interface Message {
  readonly event?: string;
  readonly data?: { readonly reason?: string };
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/** QEMU's machine protocol on a unix socket: one command at a time, and the event that says why it shut down. */
export class Qmp implements Disposable {
  readonly #socket: Socket;
  readonly #waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  #reason: ShutdownReason | undefined;
  #watchdogBit = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("close", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("QEMU has ended"));
    });
    // Its end is told by the process; commands that wait are told above. A reader of lines repeats its socket's errors.
    const ignored = () => {};
    socket.on("error", ignored);
    createInterface({ input: socket })
      .on("line", (line) => this.#receive(JSON.parse(line) as Message))
      .on("error", ignored);
  }

  static async open(path: string): Promise<Qmp> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("error", reject);
    });
    const qmp = new Qmp(socket);
    await qmp.run("qmp_capabilities");
    return qmp;
  }

  /** Why the machine went down; undefined while it has not. */
  get reason(): ShutdownReason | undefined {
    return this.#reason;
  }

  /** Whether the hardware's watchdog has acted. */
  get watchdogBit(): boolean {
    return this.#watchdogBit;
  }

  /** Whether QEMU still listens. */
  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  run(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    // Its close has been told already, and would not be told again.
    if (this.#socket.destroyed) return Promise.reject(new Error(`Cannot run ${command}: QEMU has ended`));
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        resolve,
        reject: (cause) => reject(new Error(`Cannot run ${command}: ${cause.message}`, { cause })),
      });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #receive(message: Message): void {
    if (message.event === "SHUTDOWN") this.#reason = message.data?.reason ?? "unknown";
    if (message.event === "WATCHDOG") this.#watchdogBit = true;
    if (message.error) this.#waiting.shift()?.reject(new Error(message.error.desc));
    else if ("return" in message) this.#waiting.shift()?.resolve(message.return);
  }
}
