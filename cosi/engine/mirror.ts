import { type Clock, sleep } from "../clock.ts";
import type { Resource, ResourceType, Version } from "../resource.ts";
import type { State } from "../state.ts";
import { BookmarkExpired } from "../store.ts";
import type { Event } from "../watch-events.ts";
import { backOffMs, usualBackOff } from "./back-off.ts";

/**
 * So long the watch may take to tell of a write of our own. When the answer to the write came later than the news that
 * the resource is gone, the watch never will: only another list can say so.
 */
const confirmationMs = 5000;

/** What happened to one resource, whatever the store called it. */
export interface Difference {
  readonly id: string;
  readonly before: Resource | undefined;
  readonly after: Resource | undefined;
}

export interface MirrorOptions {
  readonly type: ResourceType;
  readonly state: Pick<State, "list" | "watch">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onFailure: (error: unknown, retryMs: number) => void;
}

/**
 * All resources of one kind, as the store last told: listed, then watched, and listed again (with the differences
 * told as changes) whenever the watch breaks or its place in history is gone.
 */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #resources = new Map<string, Resource>();
  #sorted: readonly Resource[] | undefined;
  readonly #listeners = new Set<(difference: Difference) => void>();
  /** What this process has removed, at which version, until the watch tells of it: news older than that is stale. */
  readonly #removed = new Map<string, Version>();
  /** What this process has written since the running list began: the list may not know of it. */
  readonly #touched = new Set<string>();
  /** Our own writes of which neither the watch nor a list has told yet, by id. */
  readonly #unconfirmed = new Map<string, Version>();
  #confirmation: Disposable | undefined;
  #waiting: PromiseWithResolvers<void>[] = [];
  #lap = new AbortController();

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  get(id: string): Resource | undefined {
    return this.#resources.get(id);
  }

  /** In the order of ids. */
  all(): readonly Resource[] {
    this.#sorted ??= [...this.#resources.values()].sort((a, b) => (a.metadata.id < b.metadata.id ? -1 : 1));
    return this.#sorted;
  }

  listen(listener: (difference: Difference) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Resolves when the mirror shows everything that the store had acknowledged before this call. */
  sync(): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    this.#lap.abort();
    return waiting.promise;
  }

  /** Tells of a write of our own, so that nobody acts on what was there before it. */
  observe(resource: Resource): void {
    const { id, version } = resource.metadata;
    this.#put(resource);
    // An answer that is older than what is shown says nothing: a running list may rightly find that one gone.
    if (this.#resources.get(id) !== resource) return;
    this.#touched.add(id);
    this.#unconfirmed.set(id, version);
    this.#awaitConfirmation();
  }

  /** Tells of a removal of our own. */
  forget({ metadata: { id, version } }: Resource): void {
    this.#touched.add(id);
    this.#removed.set(id, version);
    this.#drop(id, version);
  }

  /** Keeps the mirror true until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { type, state, clock, random, onFailure } = this.#options;
    const stop = () => this.#lap.abort();
    signal.addEventListener("abort", stop);
    let failures = 0;
    // Whoever had it started asks to be in sync next, and is served by the first list.
    await Promise.resolve();
    while (!signal.aborted) {
      this.#lap = new AbortController();
      const served = this.#waiting.splice(0);
      this.#touched.clear();
      try {
        const { resources, bookmark } = await state.list(type);
        this.#replace(resources);
        for (const { resolve } of served.splice(0)) resolve();
        const from = { after: bookmark };
        for await (const events of state.watch(type, { from, signal: this.#lap.signal })) {
          failures = 0;
          for (const event of events) this.#apply(event);
        }
        if (!this.#lap.signal.aborted)
          throw new Error(`Cannot watch ${type.type}: the store ended the watch`);
      } catch (error) {
        this.#waiting.unshift(...served);
        if (signal.aborted) break;
        if (this.#lap.signal.aborted && served.length === 0) continue;
        // The first time, a place in history that is gone is nothing unusual: list again at once.
        if (error instanceof BookmarkExpired && failures++ === 0) continue;
        const retryMs = backOffMs(usualBackOff, Math.max(++failures, 1), random);
        onFailure(error, retryMs);
        await sleep(clock, retryMs, signal).catch(() => undefined);
      }
    }
    signal.removeEventListener("abort", stop);
    this.#confirmation?.[Symbol.dispose]();
    for (const { reject } of this.#waiting.splice(0)) reject(signal.reason);
  }

  #awaitConfirmation(): void {
    if (this.#confirmation !== undefined) return;
    const awaited = new Map(this.#unconfirmed);
    this.#confirmation = this.#options.clock.after(confirmationMs, () => {
      this.#confirmation = undefined;
      const late = [...awaited].some(([id, version]) => this.#unconfirmed.get(id) === version);
      if (late) this.#lap.abort();
      if (this.#unconfirmed.size > 0) this.#awaitConfirmation();
    });
  }

  #confirm(id: string, version: Version): void {
    if ((this.#unconfirmed.get(id) ?? version + 1n) <= version) this.#unconfirmed.delete(id);
  }

  #replace(resources: readonly Resource[]): void {
    const listed = new Set(resources.map(({ metadata }) => metadata.id));
    for (const id of this.#removed.keys()) if (!this.#touched.has(id)) this.#removed.delete(id);
    for (const id of this.#unconfirmed.keys()) if (!this.#touched.has(id)) this.#unconfirmed.delete(id);
    for (const resource of resources) this.#put(resource);
    for (const [id, { metadata }] of this.#resources) {
      if (!listed.has(id) && !this.#touched.has(id)) this.#drop(id, metadata.version);
    }
  }

  #apply(event: Event): void {
    if (event.type === "bootstrapped") return;
    this.#confirm(event.resource.metadata.id, event.resource.metadata.version);
    if (event.type !== "destroyed") return this.#put(event.resource);
    const { id, version } = event.resource.metadata;
    const removed = this.#removed.get(id);
    if (removed !== undefined && removed <= version) this.#removed.delete(id);
    this.#drop(id, version);
  }

  #put(resource: Resource): void {
    const { id, version } = resource.metadata;
    const before = this.#resources.get(id);
    if (version <= (before?.metadata.version ?? -1n) || version <= (this.#removed.get(id) ?? -1n)) return;
    this.#resources.set(id, resource);
    this.#tell({ id, before, after: resource });
  }

  #drop(id: string, version: Version): void {
    const before = this.#resources.get(id);
    if (before === undefined || before.metadata.version > version) return;
    this.#resources.delete(id);
    this.#tell({ id, before, after: undefined });
  }

  #tell(difference: Difference): void {
    this.#sorted = undefined;
    for (const listener of this.#listeners) listener(difference);
  }
}
