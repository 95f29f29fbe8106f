// The one seam below the resource runtime: documents, compare-and-swap, watch. Memory, SQLite and etcd stand
// behind it; store.conformance.ts says what each must do. Rules (owners, phases, finalizers, schemas, secrets)
// are not a store's business: State keeps them, once, above every store.
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

/** All documents of a kind at one moment, and the place in history from which a watch continues. */
export interface Snapshot {
  readonly documents: readonly Document[];
  readonly bookmark: Bookmark;
}

/** What must be there for a write to happen: a version, or nothing. */
export type Expected = Version | "absent";

/** Thrown by a write whose expectation was not met. `actual` is what is there. */
export class VersionConflict extends Error {
  override readonly name = "VersionConflict";
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

export interface Store extends AsyncDisposable {
  get(key: Key): Promise<Document | undefined>;
  list(kind: Kind): Promise<Snapshot>;
  /** Writes the document if `expected` is what is there; acknowledged means durable. Resolves to what was written. */
  put(draft: Draft, expected: Expected): Promise<Document>;
  /** Removes the document if `expected` is what is there. */
  remove(key: Key, expected: Version): Promise<void>;
  /** Every change after the bookmark, in order, in batches as they came; ends when `signal` aborts. */
  watch(scope: Kind | Key, after: Bookmark, signal: AbortSignal): AsyncIterable<readonly Change[]>;
}
