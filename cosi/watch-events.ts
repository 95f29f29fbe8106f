import { matches, type Query } from "./query.ts";
import type { ResourceOf, ResourceType } from "./resource.ts";
import { decodeDocument } from "./spec.ts";
import type { Bookmark, Change, Document, Store } from "./store.ts";

/** Where in history a watch begins. */
export type WatchFrom = "contents" | "now" | { readonly after: Bookmark } | { readonly tail: number };

export type Event<Type extends ResourceType = ResourceType> =
  | {
      readonly type: "created";
      readonly resource: ResourceOf<Type>;
      readonly bookmark: Bookmark;
    }
  | {
      readonly type: "updated";
      readonly resource: ResourceOf<Type>;
      readonly old: ResourceOf<Type>;
      readonly bookmark: Bookmark;
    }
  | {
      readonly type: "destroyed";
      /** As it last was. */
      readonly resource: ResourceOf<Type>;
      readonly bookmark: Bookmark;
    }
  /** Everything that was there has been told. */
  | { readonly type: "bootstrapped"; readonly bookmark: Bookmark };

/** The changes of one type (or one resource), decoded, and only those that the query means. */
export async function* watchEvents<Type extends ResourceType>(
  store: Store,
  type: Type,
  {
    signal,
    from = "contents",
    id,
    query = {},
  }: { signal: AbortSignal; from?: WatchFrom; id?: string; query?: Query },
): AsyncGenerator<readonly Event<Type>[], void, undefined> {
  const kind = { namespace: type.namespace, type: type.type };
  const scope = id === undefined ? kind : { ...kind, id };
  let after: Bookmark;
  if (from === "contents") {
    const { documents, bookmark } = await store.list(scope, query);
    const created = (document: Document): Event<Type> => ({
      type: "created",
      resource: decodeDocument(type, document),
      bookmark,
    });
    if (signal.aborted) return;
    yield [...documents.map(created), { type: "bootstrapped", bookmark }];
    after = bookmark;
  } else if (from === "now") {
    after = await store.rewind(scope, 0);
  } else {
    after = "after" in from ? from.after : await store.rewind(scope, from.tail);
  }
  for await (const changes of store.watch(scope, after, signal)) {
    const events = changes.flatMap((change) => asEvents(type, query, change));
    if (events.length > 0) yield events;
  }
}

/** A change as one who sees only what the query means has it: what comes into view is created, what leaves it destroyed. */
function asEvents<Type extends ResourceType>(type: Type, query: Query, change: Change): Event<Type>[] {
  const { document, bookmark } = change;
  const seen = matches(query, document.metadata);
  const resource = () => decodeDocument(type, document);
  if (change.type !== "updated") {
    return seen ? [{ type: change.type, resource: resource(), bookmark }] : [];
  }
  const wasSeen = matches(query, change.old.metadata);
  if (seen && wasSeen) {
    return [{ type: "updated", resource: resource(), old: decodeDocument(type, change.old), bookmark }];
  }
  if (seen) return [{ type: "created", resource: resource(), bookmark }];
  return wasSeen ? [{ type: "destroyed", resource: resource(), bookmark }] : [];
}
