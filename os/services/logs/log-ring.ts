/** How much of a service's log is kept in memory. */
const keptBytes = 1024 * 1024;

/** A line of a log, without its end. */
export interface LogLine {
  readonly at: Date;
  readonly text: string;
}

interface KeptLine {
  readonly at: Date;
  readonly bytes: Uint8Array;
}

export interface LogReading {
  /** How many of the last lines to begin with; undefined for all that are kept. */
  readonly tailLines?: number;
  /** Goes on with what comes, until the signal aborts. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** The end of a log, in memory. The oldest goes when there is too much; who reads too slowly loses it. */
export class LogRing {
  readonly #keptBytes: number;
  readonly #now: () => Date;
  #lines: KeptLine[] = [];
  #bytes = 0;
  /** The position of the first line that is kept. */
  #first = 0;
  #partial: Uint8Array = new Uint8Array();
  #arrival = Promise.withResolvers<void>();

  constructor(options: { readonly now: () => Date; readonly keptBytes?: number }) {
    this.#now = options.now;
    this.#keptBytes = options.keptBytes ?? keptBytes;
  }

  /** Takes what a service said; a line is there when its end is. */
  write(bytes: Uint8Array): void {
    let rest: Uint8Array = this.#partial.length > 0 ? Buffer.concat([this.#partial, bytes]) : bytes;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      this.#push(Buffer.from(rest.subarray(0, end + 1)));
      rest = rest.subarray(end + 1);
    }
    this.#partial = Buffer.from(rest);
    // A service that never ends its line must not fill the memory.
    if (rest.length >= this.#keptBytes / 4) this.#endLine();
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  async *read(reading: LogReading): AsyncGenerator<Uint8Array> {
    for await (const lines of this.#read(reading)) yield Buffer.concat(lines.map(({ bytes }) => bytes));
  }

  /** The same, line by line. */
  async *lines(reading: LogReading): AsyncGenerator<LogLine> {
    for await (const lines of this.#read(reading))
      for (const { at, bytes } of lines)
        yield {
          at,
          text: Buffer.from(bytes)
            .toString()
            .replace(/\r?\n$/, ""),
        };
  }

  async *#read({ tailLines, follow, signal }: LogReading): AsyncGenerator<readonly KeptLine[]> {
    const end = () => this.#first + this.#lines.length;
    let position = tailLines === undefined ? this.#first : Math.max(this.#first, end() - tailLines);
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      position = Math.max(position, this.#first);
      if (position < end()) {
        const lines = this.#lines.slice(position - this.#first);
        // Before they are handed over: more may come while they are read.
        position = end();
        yield lines;
      } else if (follow) await Promise.race([this.#arrival.promise, aborted]);
      else return;
    }
  }

  #endLine(): void {
    this.#push(Buffer.concat([this.#partial, Buffer.from("\n")]));
    this.#partial = new Uint8Array();
  }

  #push(bytes: Uint8Array): void {
    this.#lines.push({ at: this.#now(), bytes });
    this.#bytes += bytes.length;
    let dropped = 0;
    while (this.#bytes > this.#keptBytes && dropped < this.#lines.length - 1) {
      this.#bytes -= this.#lines[dropped]!.bytes.length;
      dropped += 1;
    }
    if (dropped === 0) return;
    this.#lines = this.#lines.slice(dropped);
    this.#first += dropped;
  }
}
