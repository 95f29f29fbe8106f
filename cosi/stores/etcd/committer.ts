// A write is a transaction: it happens if what it expects is there. The hard part is the answer that got lost with
// its connection. The write may have happened, may yet happen, or may have been overtaken; sending it again could
// bring back what somebody has removed meanwhile. So every write also requires that the fence, a key of its own, has
// not been touched. After a loss the fence is touched: from that revision on the lost write can no longer happen, and
// the history up to there says whether it did.
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type Event,
  Event_EventType as EventType,
  type KeyValue,
} from "../../../api/gen/etcd/key_value_pb.js";
import type { TxnRequestSchema } from "../../../api/gen/etcd/kv_pb.js";
import type { Key } from "../../resource.ts";
import { type Expected, StoreUnavailable } from "../../store.ts";
import { writeOf } from "./document-codec.ts";
import type { EtcdClient } from "./etcd-client.ts";
import type { KeyLayout } from "./key-layout.ts";
import { OutcomeUnknown } from "./outcome-unknown.ts";
import { type Position, positionOf } from "./position.ts";
import { equal, get, pairOf, put, remove } from "./transaction.ts";
import { watchRange } from "./watch.ts";

/** A key that must be there still, not created anew since. */
export interface Guard {
  readonly key: Uint8Array;
  readonly createRevision: bigint;
}

export interface ConditionalWrite {
  /** Names this write among all writes of all processes. */
  readonly name: string;
  readonly key: Key;
  /** What must be there. */
  readonly expected: Expected;
  /** What shall be there; undefined for nothing. */
  readonly value: Uint8Array | undefined;
  readonly guard: Guard | undefined;
}

/** The revision of the write, or what stood against it. */
export type Outcome =
  | { readonly did: "write"; readonly revision: bigint }
  | { readonly did: "conflict"; readonly actual: Expected }
  | { readonly did: "guard" };

/** How often a write is sent, when each time it turns out not to have happened. */
const attempts = 5;

export class Committer {
  readonly #client: EtcdClient;
  readonly #layout: KeyLayout;
  /** The fence's revision as far as known; 0 as long as nobody has touched it. */
  #fence = 0n;
  #touching: Promise<bigint> | undefined;
  /** The latest moment known to have been: what has not been sent before it happens after it. */
  #seen: Position | undefined;

  constructor(client: EtcdClient, layout: KeyLayout) {
    this.#client = client;
    this.#layout = layout;
  }

  /** To be told of what reads learn: the later the moment known, the less history there is to search. */
  saw(position: Position): void {
    const sameHistory = this.#seen?.cluster === position.cluster;
    if (!sameHistory || position.revision > this.#seen!.revision) this.#seen = position;
  }

  async commit(write: ConditionalWrite): Promise<Outcome> {
    for (let losses = 0; ; ) {
      const since = this.#seen ?? (await this.#look());
      const fence = this.#fence;
      try {
        const outcome = await this.#send(write, fence);
        if (outcome) return outcome;
      } catch (lost) {
        if (!(lost instanceof OutcomeUnknown)) throw lost;
        const revision = await this.#settle(write, fence, since, lost);
        if (revision !== undefined) return { did: "write", revision };
        if (++losses === attempts) {
          const why = "nothing that was sent has been carried out";
          throw new StoreUnavailable("write to etcd", why, { cause: lost });
        }
      }
    }
  }

  /** Undefined if nothing but the fence stood in the way. */
  async #send(write: ConditionalWrite, fence: bigint): Promise<Outcome | undefined> {
    const { succeeded, header, responses } = await this.#client.write(({ kv }, options) =>
      kv.txn(this.#transaction(write, fence), options),
    );
    const position = positionOf(header);
    this.saw(position);
    if (succeeded) return { did: "write", revision: position.revision };

    const [found, fenceFound, guard] = responses.map(pairOf);
    if (revisionOf(fenceFound) !== fence) {
      this.#fence = revisionOf(fenceFound);
      return undefined;
    }
    if (guard?.createRevision !== write.guard?.createRevision) return { did: "guard" };
    return { did: "conflict", actual: found?.modRevision ?? "absent" };
  }

  /** If its conditions hold, it writes; if not, it tells what it found under the keys concerned. */
  #transaction(write: ConditionalWrite, fence: bigint): MessageInitShape<typeof TxnRequestSchema> {
    const { name, expected, value, guard } = write;
    const key = this.#layout.resource(write.key);
    const compare = [
      equal(key, "modRevision", expected === "absent" ? 0n : expected),
      equal(this.#layout.fence, "modRevision", fence),
    ];
    const failure = [get(key), get(this.#layout.fence)];
    if (guard) {
      compare.push(equal(guard.key, "createRevision", guard.createRevision));
      failure.push(get(guard.key));
    }
    // A removal leaves no value that could name it: its name is written beside it, over that of the removal before.
    const success = value ? [put(key, value)] : [remove(key), put(this.#layout.removal, Buffer.from(name))];
    return { compare, success, failure };
  }

  /** The revision of a write whose answer was lost; undefined if it did not happen, and now never will. */
  async #settle(
    write: ConditionalWrite,
    fence: bigint,
    since: Position,
    lost: OutcomeUnknown,
  ): Promise<bigint | undefined> {
    try {
      const end = this.#fence > fence ? this.#fence : await this.#touchFence();
      return await this.#find(write, since, end);
    } catch (cause) {
      throw new OutcomeUnknown(lost.message, { cause });
    }
  }

  /** One touch settles all writes that were lost before it. */
  #touchFence(): Promise<bigint> {
    this.#touching ??= this.#touch().finally(() => {
      this.#touching = undefined;
    });
    return this.#touching;
  }

  async #touch(): Promise<bigint> {
    const request = { success: [put(this.#layout.fence, new Uint8Array())] };
    const { header } = await this.#client.read(({ kv }, options) => kv.txn(request, options));
    const { revision } = positionOf(header);
    this.#fence = revision;
    return revision;
  }

  async #find(write: ConditionalWrite, since: Position, end: bigint): Promise<bigint | undefined> {
    const done = new AbortController();
    try {
      for await (const events of watchRange(this.#client, this.#layout.everything, since, done.signal)) {
        const trace = events.find((event) => this.#isTraceOf(write, event));
        if (trace) return trace.kv!.modRevision;
        // The touch of the fence is among the events, so they do reach the end.
        if (events.at(-1)!.kv!.modRevision >= end) return undefined;
      }
      return undefined;
    } finally {
      done.abort();
    }
  }

  #isTraceOf({ key, name, value }: ConditionalWrite, { type, kv }: Event): boolean {
    if (!value) return same(kv!.key, this.#layout.removal) && same(kv!.value, Buffer.from(name));
    return same(kv!.key, this.#layout.resource(key)) && type === EventType.PUT && writeOf(kv!) === name;
  }

  async #look(): Promise<Position> {
    const { header, kvs } = await this.#client.read(({ kv }, options) =>
      kv.range({ key: this.#layout.fence }, options),
    );
    this.#fence = revisionOf(kvs[0]);
    const position = positionOf(header);
    this.saw(position);
    return position;
  }
}

const revisionOf = (pair: KeyValue | undefined) => pair?.modRevision ?? 0n;
const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;
