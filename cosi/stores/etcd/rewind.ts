import type { Event } from "../../../api/gen/etcd/key_value_pb.js";
import {
  RangeRequest_SortOrder as SortOrder,
  RangeRequest_SortTarget as SortTarget,
} from "../../../api/gen/etcd/kv_pb.js";
import type { EtcdClient } from "./etcd-client.ts";
import { includes, type KeyLayout, type KeyRange } from "./key-layout.ts";
import { type Position, positionOf } from "./position.ts";
import { Compacted, watchRange } from "./watch.ts";

/** How far back to look first. */
const firstWindow = 1000n;

/**
 * The moment before the last `changes` to some keys, or before as many as etcd still has. etcd tells history forwards
 * only: so from ever farther back, until there are enough.
 */
export async function rewind(
  client: EtcdClient,
  layout: KeyLayout,
  keys: KeyRange,
  changes: number,
): Promise<Position> {
  const now = await lastWrite(client, layout);
  if (changes <= 0 || now.last === 0n) return now.position;

  let oldest = 0n;
  for (let window = firstWindow; ; window *= 8n) {
    const start = max(oldest, now.last - window);
    try {
      const found = await changesBetween(
        client,
        layout,
        keys,
        { ...now.position, revision: start },
        now.last,
      );
      if (found.length >= changes || start === oldest) {
        const first = found.at(-changes) ?? found.at(0);
        return first === undefined ? now.position : { ...now.position, revision: first - 1n };
      }
    } catch (error) {
      if (!(error instanceof Compacted)) throw error;
      // What the first event there replaced is forgotten, so it cannot be told.
      oldest = error.first;
    }
  }
}

/**
 * When anything of ours was last written. Every write leaves a key of that revision, also a removal (committer.ts);
 * what leases take with them goes without a trace, and is no resource.
 */
async function lastWrite(client: EtcdClient, { everything }: KeyLayout) {
  const newest = { sortOrder: SortOrder.DESCEND, sortTarget: SortTarget.MOD, limit: 1n, keysOnly: true };
  const { header, kvs } = await client.read(({ kv }, options) =>
    kv.range({ ...everything, ...newest }, options),
  );
  return { position: positionOf(header), last: kvs[0]?.modRevision ?? 0n };
}

/** The revisions in which one of the keys changed, after `start` and up to `end`. */
async function changesBetween(
  client: EtcdClient,
  { everything }: KeyLayout,
  keys: KeyRange,
  start: Position,
  end: bigint,
): Promise<readonly bigint[]> {
  if (start.revision >= end) return [];
  const found: bigint[] = [];
  const done = new AbortController();
  try {
    for await (const events of watchRange(client, everything, start, done.signal)) {
      for (const event of events) if (includes(keys, keyOf(event))) found.push(revisionOf(event));
      if (revisionOf(events.at(-1)!) >= end) break;
    }
    return found;
  } finally {
    done.abort();
  }
}

const keyOf = (event: Event) => event.kv!.key;
const revisionOf = (event: Event) => event.kv!.modRevision;
const max = (one: bigint, other: bigint) => (one > other ? one : other);
