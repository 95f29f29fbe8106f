import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Event, Event_EventType as EventType } from "../../../api/gen/etcd/key_value_pb.js";
import type { RangeRequestSchema, RangeResponse } from "../../../api/gen/etcd/kv_pb.js";
import { matches, type Query } from "../../query.ts";
import type { Key, Version } from "../../resource.ts";
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
  StoreUnavailable,
  VersionConflict,
} from "../../store.ts";
import { isCompacted, isInconclusive } from "./call-failure.ts";
import { Committer, type ConditionalWrite, type Guard } from "./committer.ts";
import { decodeDocument, encodeValue, mayMean } from "./document-codec.ts";
import { EtcdClient, type EtcdOptions } from "./etcd-client.ts";
import { type KeyLayout, type KeyRange, keyLayout, only } from "./key-layout.ts";
import { LeadershipLost } from "./leadership-lost.ts";
import { decodeBookmark, encodeBookmark, type Position, positionOf } from "./position.ts";
import { rewind } from "./rewind.ts";
import { watchRange } from "./watch.ts";

export interface EtcdStoreOptions extends EtcdOptions {
  /** Everything in etcd is below it. */
  readonly prefix?: string;
}

/**
 * The first page of a list, and about how large the others are. etcd counts all keys that are left for each page: with
 * many small pages a long list takes several times as long.
 */
const firstPage = 1000n;
const pageBytes = 8 << 20;

/** Resolves when etcd has answered, and accepted the login. Closing the store closes its connections. */
export async function openEtcdStore({ prefix = "/ingot", ...options }: EtcdStoreOptions): Promise<EtcdStore> {
  const client = new EtcdClient(options);
  const layout = keyLayout(prefix);
  const store = new EtcdStore({ client, layout, committer: new Committer(client, layout) });
  try {
    await store.list({ namespace: "", type: "" });
    return store;
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

/** What a store is made of. */
interface Parts {
  readonly client: EtcdClient;
  readonly layout: KeyLayout;
  readonly committer: Committer;
  /** What must be there for any write; throws when there can be none. */
  readonly guard?: () => Guard;
}

/**
 * Documents in etcd, shared by all who open the same prefix. A document's version is etcd's revision of its key.
 * How much history there is to watch from is etcd's own setting (`--auto-compaction-retention`).
 */
export class EtcdStore implements Store {
  readonly client: EtcdClient;
  readonly layout: KeyLayout;
  readonly #committer: Committer;
  readonly #guard: (() => Guard) | undefined;
  readonly #writer = randomUUID();
  #writes = 0;

  constructor({ client, layout, committer, guard }: Parts) {
    this.client = client;
    this.layout = layout;
    this.#committer = committer;
    this.#guard = guard;
  }

  /** The same documents, but a write happens only while what `guard` names is there. */
  guardedBy(guard: () => Guard): EtcdStore {
    return new EtcdStore({ client: this.client, layout: this.layout, committer: this.#committer, guard });
  }

  async get(key: Key): Promise<Document | undefined> {
    const { kvs } = await this.#read({ key: this.layout.resource(key) });
    return kvs[0] && decodeDocument(this.layout, kvs[0]);
  }

  async list(scope: Scope, query: Query = {}): Promise<Snapshot> {
    for (;;) {
      try {
        return await this.#listOnce(this.#keysOf(scope), query);
      } catch (error) {
        // etcd forgot the moment of the first page before the last one was read.
        if (!isCompacted(error)) throw error;
      }
    }
  }

  async put(draft: Draft, expected: Expected): Promise<Document> {
    const name = this.#nameWrite();
    const version = await this.#commit({
      name,
      key: draft.metadata,
      expected,
      value: encodeValue(draft, name),
    });
    return { metadata: { ...draft.metadata, version }, spec: draft.spec };
  }

  async remove(key: Key, expected: Version): Promise<void> {
    await this.#commit({ name: this.#nameWrite(), key, expected, value: undefined });
  }

  async *watch(
    scope: Scope,
    after: Bookmark,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Change[], void, undefined> {
    const position = decodeBookmark(after);
    for await (const events of watchRange(this.client, this.#keysOf(scope), position, signal)) {
      yield events.map((event) => this.#change(event, position.cluster));
    }
  }

  async rewind(scope: Scope, changes: number): Promise<Bookmark> {
    return encodeBookmark(await rewind(this.client, this.layout, this.#keysOf(scope), changes));
  }

  /** Forgets history before the bookmark. etcd's is one: of all that is in it, not only of this prefix. */
  async compact(before: Bookmark): Promise<void> {
    const { revision } = decodeBookmark(before);
    await this.client.read(({ kv }, options) => kv.compact({ revision, physical: true }, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
  }

  #keysOf(scope: Scope): KeyRange {
    return "id" in scope ? only(this.layout.resource(scope)) : this.layout.kind(scope);
  }

  /** Reads page by page, all at the moment of the first. */
  async #listOnce({ key: first, rangeEnd }: KeyRange, query: Query): Promise<Snapshot> {
    const documents: Document[] = [];
    const worthReading = mayMean(query);
    let at: Position | undefined;
    for (let key = first, limit = firstPage; ; ) {
      const request = { key, rangeEnd, limit, revision: at?.revision ?? 0n };
      const { kvs, header, more } = await this.#read(request);
      at ??= positionOf(header);
      for (const pair of kvs.filter(worthReading)) {
        const document = decodeDocument(this.layout, pair);
        if (matches(query, document.metadata)) documents.push(document);
      }
      if (!more) return { documents: documents.sort(byId), bookmark: encodeBookmark(at) };
      key = after(kvs.at(-1)!.key);
      const bytes = kvs.reduce((sum, { value }) => sum + value.length, 0);
      limit = BigInt(Math.max(1, Math.floor((kvs.length * pageBytes) / Math.max(1, bytes))));
    }
  }

  async #read(request: MessageInitShape<typeof RangeRequestSchema>): Promise<RangeResponse> {
    const reading = this.client.read(({ kv }, options) => kv.range(request, options));
    const response = await reading.catch(unavailable("read from"));
    this.#committer.saw(positionOf(response.header));
    return response;
  }

  #nameWrite(): string {
    return `${this.#writer}/${++this.#writes}`;
  }

  async #commit(write: Omit<ConditionalWrite, "guard">): Promise<Version> {
    const guard = this.#guard?.();
    const outcome = await this.#committer.commit({ ...write, guard }).catch(unavailable("write to"));
    switch (outcome.did) {
      case "write":
        return outcome.revision;
      case "conflict":
        throw new VersionConflict(write.key, write.expected, outcome.actual);
      case "guard":
        throw new LeadershipLost("Cannot write: this process does not lead any more");
    }
  }

  #change({ type, kv, prevKv }: Event, cluster: bigint): Change {
    const { createRevision, modRevision } = kv!;
    const bookmark = encodeBookmark({ cluster, revision: modRevision });
    if (type === EventType.PUT && createRevision === modRevision) {
      return { type: "created", document: decodeDocument(this.layout, kv!), bookmark };
    }
    // The first event after a compaction may have lost what was there before it.
    if (!prevKv)
      throw new BookmarkExpired(`Cannot tell what revision ${modRevision} replaced: it is forgotten`);
    const old = decodeDocument(this.layout, prevKv);
    if (type === EventType.DELETE) return { type: "destroyed", document: old, bookmark };
    return { type: "updated", document: decodeDocument(this.layout, kv!), old, bookmark };
  }
}

/** Throws what callers of any store know, where no member gave an answer that settles anything. */
const unavailable = (what: string) => (error: unknown) => {
  if (!isInconclusive(error)) throw error;
  throw new StoreUnavailable(`${what} etcd (${error.details})`, "its servers do not answer", {
    cause: error,
  });
};

/** etcd orders by bytes, JavaScript by code units: they differ beyond the basic plane. */
const byId = (a: Document, b: Document) => (a.metadata.id < b.metadata.id ? -1 : 1);

/** The first key that sorts after this one. */
const after = (key: Uint8Array) => Buffer.concat([key, Buffer.of(0)]);
