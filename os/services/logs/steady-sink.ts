import { type Clock, sleep } from "../../../cosi/clock.ts";
import type { LineSink } from "./line-sink.ts";

const againMs = 5_000;

export interface SteadySinkOptions {
  readonly url: string;
  readonly open: (url: string, signal: AbortSignal) => Promise<LineSink>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Lines go to a server that may come and go, one after another: what could not be sent is sent to whoever is there next. */
export class SteadySink implements AsyncDisposable {
  readonly #options: SteadySinkOptions;
  #sink: LineSink | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: SteadySinkOptions) {
    this.#options = options;
  }

  /** Resolves when it was sent; rejects when the signal aborts. */
  send(line: string): Promise<void> {
    const sent = this.#last.then(() => this.#sendWithPatience(line));
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#sink?.[Symbol.asyncDispose]();
  }

  async #sendWithPatience(line: string): Promise<void> {
    const { url, open, clock, signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      try {
        this.#sink ??= await open(url, signal);
        return await this.#sink.write(line);
      } catch {
        await this.#sink?.[Symbol.asyncDispose]();
        this.#sink = undefined;
      }
      await sleep(clock, againMs, signal);
    }
  }
}
