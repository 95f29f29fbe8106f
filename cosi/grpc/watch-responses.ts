import { create } from "@bufbuild/protobuf";
import {
  EventSchema,
  EventType,
  type WatchRequest,
  type WatchResponse,
  WatchResponseSchema,
  type Event as WireEvent,
} from "../../api/gen/cosi/state_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import type { State } from "../state.ts";
import type { Bookmark } from "../store.ts";
import type { Event, WatchFrom } from "../watch-events.ts";
import type { ServedType } from "./served-type.ts";
import { decodeBookmark, encodeBookmark } from "./wire-bookmark.ts";
import { decodeQuery } from "./wire-query.ts";
import { encodeResource, tombstone } from "./wire-resource.ts";

/** A watch as the wire has it: an empty response when it stands, then events, singly or in the store's batches. */
export async function* watchResponses(
  state: State,
  served: ServedType,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchResponse, void, undefined> {
  const { id, options, apiVersion } = request;
  const from = await beginning(state, served, request);
  const query = decodeQuery(options?.labelQuery ?? [], options?.idQuery);
  const watch = state.watch(served.type, { signal, from, query, ...(id !== undefined && { id }) });
  const batches = watch[Symbol.asyncIterator]();
  try {
    const first = batches.next();
    await stands(state, served, from, first);
    yield create(WatchResponseSchema);
    if (options?.bootstrapBookmark && typeof from === "object" && "after" in from) {
      yield responseOf([placeholder(EventType.NOOP, served, from.after)]);
    }

    // Who has seen only a part of the contents cannot go on from there: their events have no bookmark, their end has.
    let isContents = from === "contents" && id === undefined;
    for (let batch = await first; !batch.done; batch = await batches.next()) {
      const events = batch.value
        .filter(
          (event, at) => event.type !== "bootstrapped" || (id === undefined ? apiVersion >= 1 : at === 0),
        )
        .map((event) => encodeEvent(served, event, { id, isContents }));
      isContents = false;
      if (options?.aggregated) yield responseOf(events);
      else for (const event of events) yield responseOf([event]);
    }
  } finally {
    await batches.return?.();
  }
}

async function beginning(
  state: State,
  { type }: ServedType,
  { id, options }: WatchRequest,
): Promise<"contents" | Exclude<WatchFrom, string>> {
  const {
    bootstrapContents = false,
    bootstrapBookmark = false,
    tailEvents = 0,
    startFromBookmark,
  } = options ?? {};
  if (id !== undefined && (bootstrapContents || bootstrapBookmark || options?.labelQuery.length)) {
    throw new GrpcError("unimplemented", "a watch of one resource has no bootstrap and no label query");
  }
  if (Number(bootstrapContents) + Number(tailEvents > 0) + Number(startFromBookmark !== undefined) > 1) {
    throw new GrpcError("invalidArgument", "a watch begins with contents, with a tail or at a bookmark");
  }
  if (tailEvents > 0) {
    if (bootstrapBookmark)
      throw new GrpcError("unimplemented", "a watch with a tail has no bookmark to begin with");
    return { tail: tailEvents };
  }
  if (startFromBookmark) return { after: decodeBookmark(startFromBookmark) };
  // A watch of one resource begins with what it is now; one of a kind with what comes next.
  if (bootstrapContents || id !== undefined) return "contents";
  return { after: await state.bookmark(type) };
}

/**
 * A bookmark that is no longer known must fail the call before the empty response, or clients take it for a broken
 * connection and try again for ever. A store says so on its first answer; asking it for something else in between
 * tells that it had the time to.
 */
async function stands(
  state: State,
  { type }: ServedType,
  from: WatchFrom,
  first: Promise<unknown>,
): Promise<void> {
  if (from === "contents") {
    await first;
    return;
  }
  await Promise.race([first, fence()]);

  async function fence(): Promise<void> {
    await state.bookmark(type);
    await new Promise(setImmediate);
  }
}

function encodeEvent(
  served: ServedType,
  event: Event,
  { id, isContents }: { readonly id: string | undefined; readonly isContents: boolean },
): WireEvent {
  // Who watches one resource that is not there is told that it is destroyed.
  if (event.type === "bootstrapped") {
    const type = id === undefined ? EventType.BOOTSTRAPPED : EventType.DESTROYED;
    return placeholder(type, served, event.bookmark, id);
  }
  return create(EventSchema, {
    eventType: eventTypes[event.type],
    resource: encodeResource(served, event.resource),
    ...(event.type === "updated" && { old: encodeResource(served, event.old) }),
    ...(!isContents && { bookmark: encodeBookmark(event.bookmark) }),
  });
}

const eventTypes = {
  created: EventType.CREATED,
  updated: EventType.UPDATED,
  destroyed: EventType.DESTROYED,
} as const;

function placeholder(
  eventType: EventType,
  { type: served }: ServedType,
  bookmark: Bookmark,
  id?: string,
): WireEvent {
  const { namespace, type } = served;
  return create(EventSchema, {
    eventType,
    resource: tombstone({ namespace, type }, id),
    bookmark: encodeBookmark(bookmark),
  });
}

const responseOf = (event: WireEvent[]): WatchResponse => create(WatchResponseSchema, { event });
