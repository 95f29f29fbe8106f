const nothing: ReadonlySet<string> = new Set();

/** Which ids point to which: readable from both ends. */
export class Relation {
  readonly #targets = new Map<string, ReadonlySet<string>>();
  readonly #sources = new Map<string, Set<string>>();

  targets(source: string): ReadonlySet<string> {
    return this.#targets.get(source) ?? nothing;
  }

  sources(target: string): ReadonlySet<string> {
    return this.#sources.get(target) ?? nothing;
  }

  /** Says to what the source points from now on. */
  set(source: string, targets: Iterable<string>): void {
    for (const target of this.targets(source)) {
      const sources = this.#sources.get(target)!;
      sources.delete(source);
      if (sources.size === 0) this.#sources.delete(target);
    }
    const now = new Set(targets);
    if (now.size === 0) this.#targets.delete(source);
    else this.#targets.set(source, now);
    for (const target of now) {
      const sources = this.#sources.get(target);
      if (sources) sources.add(source);
      else this.#sources.set(target, new Set([source]));
    }
  }
}
