// How long things take here, as Prometheus reads it.

/** Upper ends of the buckets; the last one has none. */
const bucketsMs = [0.5, 1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000] as const;

interface About {
  /** Ends in `_seconds`. */
  readonly name: string;
  readonly help: string;
}

export class DurationHistogram {
  readonly #about: About;
  readonly #counts = Array.from({ length: bucketsMs.length + 1 }, () => 0);
  #sumMs = 0;

  constructor(about: About) {
    this.#about = about;
  }

  count(tookMs: number): void {
    const bucket = bucketsMs.findIndex((end) => tookMs <= end);
    this.#counts[bucket < 0 ? bucketsMs.length : bucket]!++;
    this.#sumMs += tookMs;
  }

  page(): string {
    const { name, help } = this.#about;
    let total = 0;
    const buckets = this.#counts.map((count, index) => {
      total += count;
      const end = bucketsMs[index];
      return `${name}_bucket{le="${end === undefined ? "+Inf" : end / 1000}"} ${total}`;
    });
    return [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} histogram`,
      ...buckets,
      `${name}_sum ${this.#sumMs / 1000}`,
      `${name}_count ${total}`,
      "",
    ].join("\n");
  }
}
