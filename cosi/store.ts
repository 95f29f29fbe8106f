// The one seam below the resource runtime: documents, compare-and-swap, watch. Memory, SQLite and etcd stand
// behind it; store.conformance.ts says what each must do. Rules (owners, phases, finalizers, schemas, secrets)
// are not a store's business: State keeps them, once, above every store.
import type { Query } from "./query.ts";
import type { Key, Kind, Metadata, Version } from "./resource.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A resource as a store sees it: the spec is any JSON. */
export interface Document {
  readonly metadata: Metadata;
  readonly spec: Json;
}

/** A document before the store has given it its version. */
export interface Draft {
  readonly metadata: Omit<Metadata, "version">;
  readonly spec: Json;
}

/** A place in the store's history; opaque to everyone but the store that gave it. */
export type Bookmark = string;

export type Change =
  | { readonly type: "created"; readonly document: Document; readonly bookmark: Bookmark }
  | {
      readonly type: "updated";
      readonly document: Document;
      readonly old: Document;
      readonly bookmark: Bookmark;
    }
  | { readonly type: "destroyed"; readonly document: Document; readonly bookmark: Bookmark };

/** The documents of a scope at one moment, in the order of their ids, and the place in history from which a watch continues. */
export interface Snapshot {
  readonly documents: readonly Document[];
  readonly bookmark: Bookmark;
}

/** What must be there for a write to happen: a version, or nothing. */
export type Expected = Version | "absent";

/** Thrown by a write whose expectation was not met. `actual` is what is there. */
export class VersionConflict extends Error {
  override readonly name: string = "VersionConflict";
  readonly key: Key;
  readonly expected: Expected;
  readonly actual: Expected;

  constructor(key: Key, expected: Expected, actual: Expected) {
    super(
      `Cannot write ${key.type} ${key.namespace}/${key.id}: expected ${expected === "absent" ? "none" : `version ${expected}`}, found ${actual === "absent" ? "none" : `version ${actual}`}`,
    );
    this.key = key;
    this.expected = expected;
    this.actual = actual;
  }
}

/** Thrown by a watch whose bookmark the store no longer (or never) knew: list again and watch from there. */
export class BookmarkExpired extends Error {
  override readonly name = "BookmarkExpired";
}

/** Thrown where a store cannot do its work at all: its disk is full, its servers do not answer. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  /** For whoever asked from afar: without the place, which is the business of those who run it. */
  readonly why: string;

  constructor(what: string, why: string, options?: ErrorOptions) {
    super(`Cannot ${what}: ${why}`, options);
    this.why = why;
  }
}

/** What is listed or watched: all resources of a kind, or one. */
export type Scope = Kind | Key;

export interface Store extends AsyncDisposable {
  get(key: Key): Promise<Document | undefined>;
  /** What is there of the scope, or of those the query means. */
  list(scope: Scope, query?: Query): Promise<Snapshot>;
  /** Writes the document if `expected` is what is there; acknowledged means durable. Resolves to what was written. */
  put(draft: Draft, expected: Expected): Promise<Document>;
  /** Removes the document if `expected` is what is there. */
  remove(key: Key, expected: Version): Promise<void>;
  /**
   * Every change after the bookmark, in order, in batches as they came; ends when `signal` aborts.
   * A destroyed document is told as it last was.
   */
  watch(scope: Scope, after: Bookmark, signal: AbortSignal): AsyncIterable<readonly Change[]>;
  /** A place in history with the last `changes` of the scope behind it (or fewer, where less is kept); 0 is now. */
  rewind(scope: Scope, changes: number): Promise<Bookmark>;
}

/** A store that lies over another, and keeps something in its own way. */
export interface StoreLayer extends Store {
  /** The same layer over another view of what is below it. */
  through(view: (below: Store) => Store): Store;
}
