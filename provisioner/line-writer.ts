// Lines for whoever reads our log, without waiting for them: a write to a pipe that is full holds everything up, and
// machines that ask what to boot with it.
import type { Clock } from "../cosi/clock.ts";

export interface LineWriterOptions {
  /** As fs.write has it: what was written may be less than all. */
  readonly write: (
    bytes: Uint8Array,
    done: (error: NodeJS.ErrnoException | null, writtenBytes: number) => void,
  ) => void;
  readonly clock: Pick<Clock, "after">;
  /** What waits for a reader that has stopped reading, in characters. */
  readonly most?: number;
}

const againMs = 20;
/** Nobody sees a line so much sooner; and each write wakes a thread, and whoever reads. */
const gatherMs = 20;

export class LineWriter {
  readonly #options: Required<LineWriterOptions>;
  #waiting: string[] = [];
  #length = 0;
  #lost = 0;
  #isWriting = false;
  #drained = Promise.withResolvers<void>();

  constructor(options: LineWriterOptions) {
    this.#options = { most: 8_000_000, ...options };
  }

  line(text: string): void {
    if (this.#length + text.length > this.#options.most) {
      this.#lost++;
      return;
    }
    this.#waiting.push(`${text}\n`);
    this.#length += text.length + 1;
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#options.clock.after(gatherMs, () => this.#next());
  }

  /** Resolves when all is written. */
  async drained(): Promise<void> {
    while (this.#isWriting) await this.#drained.promise;
  }

  /** What nobody has begun to write: a process that ends suddenly can still write it itself. */
  take(): string {
    const text = this.#waiting.join("");
    const lost = this.#lost > 0 ? `(${this.#lost} lines were lost: nobody read them in time)\n` : "";
    [this.#waiting, this.#length, this.#lost] = [[], 0, 0];
    return text + lost;
  }

  #next(): void {
    this.#isWriting = this.#length > 0;
    if (this.#isWriting) return this.#send(Buffer.from(this.take()));
    this.#drained.resolve();
    this.#drained = Promise.withResolvers();
  }

  #send(bytes: Uint8Array): void {
    const { write, clock } = this.#options;
    write(bytes, (error, writtenBytes) => {
      if (error?.code === "EAGAIN") return void clock.after(againMs, () => this.#send(bytes));
      // Nobody is there to read it, and nobody could be told.
      if (error || writtenBytes >= bytes.length) return this.#next();
      this.#send(bytes.subarray(writtenBytes));
    });
  }
}
