import { Event_EventType as EventType } from "../../../api/gen/etcd/key_value_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import type { Leadership, Lease } from "../../engine/leadership.ts";
import { BookmarkExpired, type Store, type StoreLayer } from "../../store.ts";
import type { Guard } from "./committer.ts";
import type { EtcdClient } from "./etcd-client.ts";
import { EtcdLease } from "./etcd-lease.ts";
import { EtcdStore } from "./etcd-store.ts";
import { only } from "./key-layout.ts";
import { positionOf } from "./position.ts";
import { equal, get, pairOf, put } from "./transaction.ts";
import { watchRange } from "./watch.ts";

export interface ElectionOptions {
  /** What others read under PREFIX/leaders: this process, in words. */
  readonly candidate: string;
  /** How long a leader that died is waited for; others take over within about a second more. */
  readonly ttlSeconds?: number;
}

/**
 * Leads who has created the key of that name. It hangs on a lease, so it goes with its process. Nothing that was
 * written under it happens after it has gone: every write requires that it is there still, created when it was.
 */
export function etcdLeadership(
  { client, layout }: EtcdStore,
  { candidate, ttlSeconds = 5 }: ElectionOptions,
): Leadership {
  return {
    acquire: async (name, signal) => {
      const key = layout.leader(name);
      for (;;) {
        await vacancy(client, key, signal);
        await using attempt = new AsyncDisposableStack();
        const lease = attempt.use(await EtcdLease.grant(client, ttlSeconds, signal));
        const createRevision = await claim(client, key, lease.id, candidate, signal);
        if (createRevision !== undefined) return held(lease, { key, createRevision }, attempt.move());
      }
    },
  };
}

function held(lease: EtcdLease, guard: Guard, resources: AsyncDisposableStack): Lease {
  const guarded = () => {
    lease.signal.throwIfAborted();
    return guard;
  };
  return {
    signal: lease.signal,
    fenced: (store) => fenced(store, guarded),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Resolves when nobody leads. */
async function vacancy(client: EtcdClient, key: Uint8Array, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { kvs, header } = await client.read(({ kv }, options) => kv.range({ key }, options), { signal });
    if (kvs.length === 0) return;
    try {
      for await (const events of watchRange(client, only(key), positionOf(header), signal)) {
        if (events.at(-1)!.type === EventType.DELETE) return;
      }
      signal.throwIfAborted();
    } catch (error) {
      // Look again.
      if (!(error instanceof BookmarkExpired)) throw error;
    }
  }
}

/** The revision in which the key came to be ours; undefined if somebody was faster. */
async function claim(
  client: EtcdClient,
  key: Uint8Array,
  lease: bigint,
  candidate: string,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const request = {
    compare: [equal(key, "createRevision", 0n)],
    success: [put(key, Buffer.from(candidate), lease)],
    failure: [get(key)],
  };
  try {
    const answer = await client.read(({ kv }, options) => kv.txn(request, options), { signal });
    if (answer.succeeded) return positionOf(answer.header).revision;
    const found = answer.responses.map(pairOf)[0];
    // Our own lease under it: the claim was repeated, as its first answer was lost.
    return found?.lease === lease ? found.createRevision : undefined;
  } catch (error) {
    // The lease has ended before it was used.
    if (error instanceof GrpcError && error.code === "notFound") return undefined;
    throw error;
  }
}

/** Fences a store in etcd, or what lies over one. */
function fenced(store: Store, guard: () => Guard): Store {
  if (store instanceof EtcdStore) return store.guardedBy(guard);
  if ("through" in store) return (store as StoreLayer).through((below) => fenced(below, guard));
  throw new Error("Cannot fence a store with a lease of etcd: it is not in etcd");
}
