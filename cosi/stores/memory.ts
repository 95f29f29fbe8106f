import { randomUUID } from "node:crypto";
import { frozen } from "../frozen.ts";
import { matches, type Query } from "../query.ts";
import type { Key, Kind, Version } from "../resource.ts";
import {
  type Bookmark,
  BookmarkExpired,
  type Change,
  type Document,
  type Draft,
  type Expected,
  type Scope,
  type Snapshot,
  type Store,
  VersionConflict,
} from "../store.ts";

/** One kind's documents and the changes that led to them; the oldest are forgotten. */
interface Collection {
  readonly documents: Map<string, Document>;
  readonly changes: { readonly revision: bigint; readonly change: Change }[];
  readonly watchers: Set<() => void>;
  /** The newest revision that is forgotten. */
  forgotten: bigint;
}

export interface MemoryStoreOptions {
  /** How many changes of each kind are kept for those who watch. */
  readonly history?: number;
}

/** Resources that live as long as the process: what a node observes of itself. */
export class MemoryStore implements Store {
  readonly #history: number;
  /** Bookmarks of another life of the process mean nothing here. */
  readonly #life = randomUUID();
  readonly #collections = new Map<string, Collection>();
  #revision = 0n;

  constructor({ history = 10_000 }: MemoryStoreOptions = {}) {
    this.#history = history;
  }

  async get(key: Key): Promise<Document | undefined> {
    return this.#collection(key).documents.get(key.id);
  }

  async list(scope: Scope, query: Query = {}): Promise<Snapshot> {
    const { documents } = this.#collection(scope);
    const inScope =
      "id" in scope ? [documents.get(scope.id)].filter((one) => one !== undefined) : documents.values();
    const meant = [...inScope].filter(({ metadata }) => matches(query, metadata));
    return { documents: meant.sort(byId), bookmark: this.#bookmark(this.#revision) };
  }

  async put({ metadata, spec }: Draft, expected: Expected): Promise<Document> {
    const collection = this.#collection(metadata);
    const old = this.#expect(collection, metadata, expected);
    const revision = ++this.#revision;
    const document = frozen({
      metadata: { ...structuredClone(metadata), version: revision },
      spec: structuredClone(spec),
    });
    collection.documents.set(metadata.id, document);
    const bookmark = this.#bookmark(revision);
    this.#record(
      collection,
      revision,
      old ? { type: "updated", document, old, bookmark } : { type: "created", document, bookmark },
    );
    return document;
  }

  async remove(key: Key, expected: Version): Promise<void> {
    const collection = this.#collection(key);
    const document = this.#expect(collection, key, expected)!;
    const revision = ++this.#revision;
    collection.documents.delete(key.id);
    this.#record(collection, revision, { type: "destroyed", document, bookmark: this.#bookmark(revision) });
  }

  async *watch(
    scope: Scope,
    after: Bookmark,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Change[], void, undefined> {
    const collection = this.#collection(scope);
    let seen = this.#place(after);
    while (!signal.aborted) {
      if (seen < collection.forgotten)
        throw new BookmarkExpired(`Cannot watch ${scope.type} from there: forgotten`);
      const news = collection.changes.slice(firstAfter(collection.changes, seen));
      seen = news.at(-1)?.revision ?? seen;
      const told = news
        .map(({ change }) => change)
        .filter(({ document }) => !("id" in scope) || document.metadata.id === scope.id);
      if (told.length > 0) yield told;
      else if (news.length === 0) await nextChange(collection, signal);
    }
  }

  async rewind(scope: Scope, changes: number): Promise<Bookmark> {
    const collection = this.#collection(scope);
    if (changes <= 0) return this.#bookmark(this.#revision);
    const inScope = collection.changes.filter(
      ({ change }) => !("id" in scope) || change.document.metadata.id === scope.id,
    );
    const first = inScope.at(-changes) ?? inScope.at(0);
    return this.#bookmark(first === undefined ? this.#revision : first.revision - 1n);
  }

  /** Forgets all changes so far: whoever has not seen them must list again. */
  forget(): void {
    for (const collection of this.#collections.values()) forgetChanges(collection, collection.changes.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#collections.clear();
  }

  #collection({ namespace, type }: Kind): Collection {
    const name = JSON.stringify([namespace, type]);
    let collection = this.#collections.get(name);
    if (collection === undefined) {
      collection = { documents: new Map(), changes: [], watchers: new Set(), forgotten: 0n };
      this.#collections.set(name, collection);
    }
    return collection;
  }

  #expect({ documents }: Collection, key: Key, expected: Expected): Document | undefined {
    const document = documents.get(key.id);
    const actual = document?.metadata.version ?? "absent";
    if (actual !== expected) throw new VersionConflict(key, expected, actual);
    return document;
  }

  #record(collection: Collection, revision: bigint, change: Change): void {
    collection.changes.push({ revision, change });
    // In bulk, so that a write costs the same on average however long the history is.
    if (collection.changes.length >= 2 * this.#history) {
      forgetChanges(collection, collection.changes.length - this.#history);
    }
    for (const wake of collection.watchers) wake();
  }

  #bookmark(revision: bigint): Bookmark {
    return `${this.#life}.${revision}`;
  }

  #place(bookmark: Bookmark): bigint {
    const [life, revision] = bookmark.split(".");
    const place = life === this.#life && /^\d+$/.test(revision ?? "") ? BigInt(revision!) : undefined;
    if (place === undefined || place > this.#revision) {
      throw new BookmarkExpired("Cannot watch from there: not a bookmark of this store");
    }
    return place;
  }
}

function forgetChanges(collection: Collection, count: number): void {
  const last = collection.changes.splice(0, count).at(-1);
  if (last) collection.forgotten = last.revision;
}

/** Resolves at the collection's next change, or when the signal aborts. */
async function nextChange({ watchers }: Collection, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  watchers.add(wake);
  signal.addEventListener("abort", wake);
  try {
    await promise;
  } finally {
    watchers.delete(wake);
    signal.removeEventListener("abort", wake);
  }
}

const byId = (a: Document, b: Document) => (a.metadata.id < b.metadata.id ? -1 : 1);

/** The index of the first change after a revision. */
function firstAfter(changes: Collection["changes"], revision: bigint): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (changes[middle]!.revision > revision) high = middle;
    else low = middle + 1;
  }
  return low;
}
