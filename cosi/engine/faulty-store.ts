import { type Clock, sleep } from "../clock.ts";
import type { Key, Version } from "../resource.ts";
import {
  type Bookmark,
  BookmarkExpired,
  type Document,
  type Draft,
  type Expected,
  type Scope,
  type Store,
} from "../store.ts";

export interface Faults {
  /** Of each kind of fault, how likely it is for one call. */
  readonly likelihood: number;
  readonly longestMs: number;
}

/** For tests: a store as it looks over a bad network. It is slow, fails, and does not say what it has done. */
export class FaultyStore implements Store {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: () => number;
  faults: Faults = { likelihood: 0, longestMs: 0 };
  /** Nothing reaches the store any more, and nothing comes back: the process has been killed. */
  dead = false;
  /** Asked about every write before it happens. */
  onPut: (draft: Draft, expected: Expected) => Promise<void> = async () => undefined;

  constructor(store: Store, clock: Clock, random: () => number) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  get(key: Key): Promise<Document | undefined> {
    return this.#call(() => this.#store.get(key));
  }

  list(...parameters: Parameters<Store["list"]>): ReturnType<Store["list"]> {
    return this.#call(() => this.#store.list(...parameters));
  }

  put(draft: Draft, expected: Expected): Promise<Document> {
    return this.#call(async () => {
      await this.onPut(draft, expected);
      return this.#store.put(draft, expected);
    });
  }

  remove(key: Key, expected: Version): Promise<void> {
    return this.#call(() => this.#store.remove(key, expected));
  }

  rewind(scope: Scope, changes: number): Promise<Bookmark> {
    return this.#call(() => this.#store.rewind(scope, changes));
  }

  async *watch(
    ...[scope, after, signal]: Parameters<Store["watch"]>
  ): ReturnType<Store["watch"]> & AsyncGenerator {
    await this.#call(async () => undefined);
    for await (const changes of this.#store.watch(scope, after, signal)) {
      await this.#call(async () => undefined);
      if (this.#strikes()) throw new BookmarkExpired("for the test");
      yield changes;
      if (this.#strikes()) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The store belongs to the test.
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    await this.#travel();
    const answer = await call();
    await this.#travel();
    return answer;
  }

  /** One way through the network. */
  async #travel(): Promise<void> {
    const delayMs = Math.floor(this.#random() * (this.faults.longestMs + 1));
    if (delayMs > 0) await sleep(this.#clock, delayMs, new AbortController().signal);
    if (this.dead || this.#strikes()) throw new Error("Cannot reach the store: for the test");
  }

  #strikes(): boolean {
    return this.faults.likelihood > 0 && this.#random() < this.faults.likelihood;
  }
}
