import type { Event } from "../../../api/gen/etcd/key_value_pb.js";
import { sleep } from "../../clock.ts";
import { BookmarkExpired } from "../../store.ts";
import { isInconclusive, isStaleLogin } from "./call-failure.ts";
import type { EtcdClient } from "./etcd-client.ts";
import type { KeyRange } from "./key-layout.ts";
import { type Position, positionOf } from "./position.ts";

/** Thrown by a watch from a revision that etcd does not have any more. */
export class Compacted extends BookmarkExpired {
  /** The first revision that it has. */
  readonly first: bigint;

  constructor(wanted: bigint, first: bigint) {
    super(`Cannot watch from revision ${wanted}: etcd keeps history from ${first} on`);
    this.first = first;
  }
}

/** Between two attempts to take a broken watch up again. */
const pauseMs = 100;

/**
 * Every event after a position, whatever happens to connections and members meanwhile; ends when `signal` aborts.
 * Throws BookmarkExpired when etcd does not have that history.
 */
export async function* watchRange(
  client: EtcdClient,
  keys: KeyRange,
  after: Position,
  signal: AbortSignal,
): AsyncGenerator<readonly Event[], void, undefined> {
  let seen = after;
  while (!signal.aborted) {
    try {
      await expectHistory(client, keys, seen, signal);
      for await (const { events, revision } of receive(client, keys, seen.revision + 1n, signal)) {
        seen = { ...seen, revision };
        if (events.length > 0) yield events;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isInconclusive(error) && !isStaleLogin(error)) throw error;
    }
    await sleep(client.clock, pauseMs, signal).catch(() => undefined);
  }
}

/**
 * A watch from a revision that has not come yet would wait for it without a word: after etcd was restored from a
 * backup, or replaced by another, perhaps forever. This reading also renews the login, of which a watch only says
 * that it is not permitted.
 */
async function expectHistory(client: EtcdClient, { key }: KeyRange, seen: Position, signal: AbortSignal) {
  const { header } = await client.read(({ kv }, options) => kv.range({ key, keysOnly: true }, options), {
    signal,
  });
  const now = positionOf(header);
  if (now.cluster !== seen.cluster || now.revision < seen.revision) {
    throw new BookmarkExpired(`Cannot watch from revision ${seen.revision}: etcd has another history`);
  }
}

interface Received {
  readonly events: readonly Event[];
  /** Everything up to it has been received. */
  readonly revision: bigint;
}

/** The events of one stream, those of one revision always together. */
async function* receive(
  client: EtcdClient,
  keys: KeyRange,
  startRevision: bigint,
  signal: AbortSignal,
): AsyncGenerator<Received, void, undefined> {
  const value = { ...keys, startRevision, progressNotify: true, prevKv: true, fragment: true };
  const request = just({ requestUnion: { case: "createRequest", value } } as const);

  let fragments: Event[] = [];
  for await (const response of client.subscribe(
    ({ watch }, options) => watch.watch(request, options),
    signal,
  )) {
    const { events, header, created, canceled, compactRevision, cancelReason, fragment } = response;
    if (compactRevision > 0n) throw new Compacted(startRevision, compactRevision);
    if (canceled) throw new Error(`Cannot watch: ${cancelReason}`);
    if (created) continue;
    fragments.push(...events);
    if (fragment) continue;
    yield { events: fragments, revision: fragments.at(-1)?.kv?.modRevision ?? positionOf(header).revision };
    fragments = [];
  }
}

/** A stream of requests that is one. */
export async function* just<T>(request: T): AsyncGenerator<T, void, undefined> {
  yield request;
}
