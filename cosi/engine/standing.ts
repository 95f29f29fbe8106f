import type { AnyVerdict } from "./verdict.ts";

/** How things stand with one key of one controller. */
export interface Standing {
  readonly controller: string;
  /** The primary's id; empty for a controller over collections. */
  readonly key: string;
  readonly state: AnyVerdict["do"] | "error";
  /** The same sentence that the controller gave; of an error, its message. */
  readonly why: string;
  /** Since when it has stood like this, with this reason. */
  readonly since: Date;
  /** When it will be looked at again even if nothing changes. */
  readonly until: Date | undefined;
  /** How many reconciles have failed in a row. */
  readonly failures: number;
}

/** How things stand with every key, and since when. */
export class Standings {
  readonly #controller: string;
  readonly #byKey = new Map<string, Standing>();

  constructor(controller: string) {
    this.#controller = controller;
  }

  get(key: string): Standing | undefined {
    return this.#byKey.get(key);
  }

  all(): Standing[] {
    return [...this.#byKey.values()];
  }

  /** Returns what changed, if more than the deadline or the count of failures did. */
  set(
    key: string,
    now: Date,
    standing: Pick<Standing, "state" | "why" | "until" | "failures">,
  ): Standing | undefined {
    const before = this.#byKey.get(key);
    const same = before?.state === standing.state && before.why === standing.why;
    const after = { controller: this.#controller, key, since: same ? before.since : now, ...standing };
    this.#byKey.set(key, after);
    return same ? undefined : after;
  }

  delete(key: string): void {
    this.#byKey.delete(key);
  }

  clear(): void {
    this.#byKey.clear();
  }
}
