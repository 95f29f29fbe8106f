// What the conformance suites of stores work with.
import type { Key, Kind } from "./resource.ts";
import type { Bookmark, Change, Document, Draft, Json, Scope, Store } from "./store.ts";

/** Where one store lives: a file, a prefix in a server. Empty at first; disposing of it cleans up. */
export interface Place extends AsyncDisposable {
  /** Opens the store that is there. */
  open(): Promise<Store>;
  /** Makes the store forget the history that it has so far. */
  forget(): Promise<void>;
  /** How another process opens it: the URL of a module that exports `openStore(argument)`. */
  readonly elsewhere?: { readonly module: string; readonly argument: Json };
}

export interface StoreSubject {
  readonly name: string;
  /** Whether it outlives its process, and several processes can have it open. */
  readonly persistent: boolean;
  place(): Promise<Place>;
}

export const kind: Kind = { namespace: "default", type: "Things.ingot.dev" };
export const other: Kind = { namespace: "default", type: "Others.ingot.dev" };
export const keyOf = (id: string, { namespace, type }: Kind = kind): Key => ({ namespace, type, id });

export function draft(key: Key, spec: Json = {}, labels: Record<string, string> = {}): Draft {
  const moment = new Date("2026-01-02T03:04:05.678Z");
  const { namespace, type, id } = key;
  return {
    metadata: {
      ...{ namespace, type, id },
      ...{ owner: "", phase: "running", finalizers: [], labels, annotations: {} },
      ...{ created: moment, updated: moment },
    },
    spec,
  };
}

/** The first changes of a watch; stops watching when they are there. */
export async function take(store: Store, scope: Scope, after: Bookmark, count: number): Promise<Change[]> {
  const stop = new AbortController();
  const changes: Change[] = [];
  for await (const batch of store.watch(scope, after, stop.signal)) {
    changes.push(...batch);
    if (changes.length >= count) stop.abort();
  }
  return changes;
}

export const short = ({ type, document }: Change) =>
  `${type} ${document.metadata.id} ${JSON.stringify(document.spec)}`;

/** What is there after the changes, told one by one. */
export function replay(documents: readonly Document[], changes: readonly Change[]): Record<string, Json> {
  const specs = new Map(documents.map(({ metadata, spec }) => [metadata.id, spec]));
  for (const { type, document } of changes) {
    if (type === "destroyed") specs.delete(document.metadata.id);
    else specs.set(document.metadata.id, document.spec);
  }
  return Object.fromEntries(specs);
}
