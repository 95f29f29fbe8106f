import { isDeepStrictEqual } from "node:util";
import type { Clock } from "./clock.ts";
import type { Query } from "./query.ts";
import type { Key, Metadata, Phase, ResourceOf, ResourceType, SpecOf, Version } from "./resource.ts";
import { decodeDocument, encodeSpec } from "./spec.ts";
import { AlreadyExists, NotFound, OwnerConflict, PendingFinalizers, PhaseConflict } from "./state-errors.ts";
import { type Bookmark, type Document, type Draft, type Store, VersionConflict } from "./store.ts";
import { type Event, type WatchFrom, watchEvents } from "./watch-events.ts";

/** What the writer of a resource decides. */
export interface Body<Spec = unknown> {
  readonly spec: Spec;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

// Conditional, so that the compiler has settled the type before it looks into the function: otherwise
// `power: "on"` in what it returns widens to string and fits no longer.
/** What an update changes: what is left out stays. As a function of what is there, it is asked again after a conflict. */
export type Change<Type extends ResourceType> = [Type] extends [infer Of extends ResourceType]
  ? Partial<Body<SpecOf<Of>>> | ((current: ResourceOf<Of>) => Partial<Body<SpecOf<Of>>>)
  : never;

export interface WriteOptions {
  /** Write only what is at this version. */
  readonly version?: Version;
}
export interface UpdateOptions extends WriteOptions {
  /** What the resource must be in; usually running. */
  readonly phase?: Phase | "any";
}

export interface Listing<Type extends ResourceType> {
  /** In the order of their ids. */
  readonly resources: readonly ResourceOf<Type>[];
  /** From here a watch continues. */
  readonly bookmark: Bookmark;
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** "contents" (usual): what is there, a "bootstrapped" mark, then changes. */
  readonly from?: WatchFrom;
  /** Only this one. */
  readonly id?: string;
  /** Only these: one that begins or ceases to be meant is told as created or destroyed. */
  readonly query?: Query;
}

export interface StateOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, "now">;
  /** In whose name it writes; empty for people and the API. */
  readonly owner?: string;
}

/**
 * The resources, and the rules every writer keeps: only its owner changes a resource, a spec fits its type, what is
 * being torn down no longer changes, and what somebody still needs is not destroyed.
 */
export class State {
  readonly owner: string;
  readonly #store: Store;
  readonly #clock: Pick<Clock, "now">;

  constructor({ store, clock, owner = "" }: StateOptions) {
    this.#store = store;
    this.#clock = clock;
    this.owner = owner;
  }

  /** The same resources, as a controller of that name writes them. */
  as(owner: string): State {
    return new State({ store: this.#store, clock: this.#clock, owner });
  }

  /** The same resources through another view of the store, such as one that writes only under a lease. */
  through(view: (store: Store) => Store): State {
    return new State({ store: view(this.#store), clock: this.#clock, owner: this.owner });
  }

  /** Undefined when there is none. */
  async find<Type extends ResourceType>(type: Type, id: string): Promise<ResourceOf<Type> | undefined> {
    const document = await this.#store.get(keyOf(type, id));
    return document && decodeDocument(type, document);
  }

  async get<Type extends ResourceType>(type: Type, id: string): Promise<ResourceOf<Type>> {
    return decodeDocument(type, await this.#document(keyOf(type, id)));
  }

  async list<Type extends ResourceType>(type: Type, query?: Query): Promise<Listing<Type>> {
    const { documents, bookmark } = await this.#store.list(kindOf(type), query);
    return { resources: documents.map((document) => decodeDocument(type, document)), bookmark };
  }

  /** Changes in batches, as the store tells them. Ends when the signal aborts. */
  watch<Type extends ResourceType>(type: Type, options: WatchOptions): AsyncIterable<readonly Event<Type>[]> {
    return watchEvents(this.#store, type, options);
  }

  /** The place in history where a type is now. */
  bookmark(type: ResourceType): Promise<Bookmark> {
    return this.#store.rewind(kindOf(type), 0);
  }

  async create<Type extends ResourceType>(
    type: Type,
    id: string,
    { spec, labels = {}, annotations = {} }: Body<SpecOf<Type>>,
    { finalizers = [] }: Partial<Pick<Metadata, "finalizers">> = {},
  ): Promise<ResourceOf<Type>> {
    const key = keyOf(type, id);
    const now = this.#clock.now();
    const metadata = {
      ...key,
      owner: this.owner,
      phase: "running",
      finalizers,
      labels,
      annotations,
      created: now,
      updated: now,
    } as const;
    try {
      return decodeDocument(
        type,
        await this.#store.put({ metadata, spec: encodeSpec(type, key, spec) }, "absent"),
      );
    } catch (error) {
      if (!(error instanceof VersionConflict) || error.actual === "absent") throw error;
      throw new AlreadyExists(key, error.actual);
    }
  }

  /** Writes nothing when the change changes nothing. */
  update<Type extends ResourceType>(
    type: Type,
    id: string,
    change: Change<Type>,
    options: UpdateOptions = {},
  ): Promise<ResourceOf<Type>> {
    const next = (read: () => ResourceOf<Type>): unknown =>
      typeof change === "function" ? change(read()) : change;
    return this.#update(type, id, next as Next<Type>, options);
  }

  /** Makes it so: created if it is absent, otherwise updated to exactly this. Writes nothing when it is so already. */
  async set<Type extends ResourceType>(
    type: Type,
    id: string,
    { spec, labels = {}, annotations = {} }: Body<SpecOf<Type>>,
  ): Promise<ResourceOf<Type>> {
    const body = { spec, labels, annotations };
    for (;;) {
      try {
        return await this.#update(type, id, () => body);
      } catch (error) {
        if (!(error instanceof NotFound)) throw error;
      }
      try {
        return await this.create(type, id, body);
      } catch (error) {
        if (!(error instanceof AlreadyExists)) throw error;
      }
    }
  }

  /**
   * Writes a resource as it was read and then changed, finalizers and phase included, over the version it was read at.
   * It becomes a new version even when nothing changed: clients of COSI wait for the event.
   */
  async replace<Type extends ResourceType>(
    type: Type,
    { metadata: wanted, spec }: ResourceOf<Type>,
    { phase }: Pick<UpdateOptions, "phase"> = {},
  ): Promise<ResourceOf<Type>> {
    const key = keyOf(type, wanted.id);
    const document = await this.#write(key, { version: wanted.version, always: true }, ({ metadata }) => {
      this.#mayWrite(metadata);
      mayUpdate(metadata, phase);
      if (metadata.phase === "tearingDown" && wanted.phase === "running") {
        throw new PhaseConflict(key, metadata.phase, "revive");
      }
      const { labels, annotations, finalizers } = wanted;
      return {
        metadata: { ...metadata, labels, annotations, finalizers, phase: wanted.phase },
        spec: encodeSpec(type, key, spec),
      };
    });
    return decodeDocument(type, document);
  }

  /** Asks everyone who holds a finalizer to let go. */
  async teardown<Type extends ResourceType>(
    type: Type,
    id: string,
    options: WriteOptions = {},
  ): Promise<ResourceOf<Type>> {
    const document = await this.#write(keyOf(type, id), options, ({ metadata, spec }) => {
      this.#mayWrite(metadata);
      return { metadata: { ...metadata, phase: "tearingDown" }, spec };
    });
    return decodeDocument(type, document);
  }

  /** Removes what nobody needs any more. Works on a stored spec that no longer fits, too. */
  async destroy(type: ResourceType, id: string, { version }: WriteOptions = {}): Promise<void> {
    const key = keyOf(type, id);
    for (;;) {
      const { metadata } = await this.#document(key);
      if (version !== undefined && metadata.version !== version) {
        throw new VersionConflict(key, version, metadata.version);
      }
      this.#mayWrite(metadata);
      if (metadata.finalizers.length > 0) throw new PendingFinalizers(key, metadata.finalizers);
      try {
        return await this.#store.remove(key, metadata.version);
      } catch (error) {
        if (!(error instanceof VersionConflict)) throw error;
      }
    }
  }

  /** Tears it down, waits until everyone has let go, and destroys it. */
  async teardownAndDestroy(type: ResourceType, id: string, signal: AbortSignal): Promise<void> {
    await this.teardown(type, id);
    for await (const events of this.watch(type, { id, signal })) {
      const last = events.findLast((event) => event.type !== "bootstrapped");
      if (last === undefined || last.type === "destroyed") return;
      if (last.resource.metadata.finalizers.length > 0) continue;
      return await this.destroy(type, id).catch((error: unknown) => {
        if (!(error instanceof NotFound)) throw error;
      });
    }
    signal.throwIfAborted();
  }

  /** Says that somebody needs it. Anyone may, owner or not, as long as it is not being torn down. */
  async addFinalizer<Type extends ResourceType>(
    type: Type,
    id: string,
    name: string,
  ): Promise<ResourceOf<Type>> {
    const document = await this.#write(keyOf(type, id), {}, ({ metadata, spec }) => {
      const { finalizers } = metadata;
      if (finalizers.includes(name)) return { metadata, spec };
      if (metadata.phase !== "running")
        throw new PhaseConflict(metadata, metadata.phase, "add a finalizer to");
      return { metadata: { ...metadata, finalizers: [...finalizers, name] }, spec };
    });
    return decodeDocument(type, document);
  }

  async removeFinalizer<Type extends ResourceType>(
    type: Type,
    id: string,
    name: string,
  ): Promise<ResourceOf<Type>> {
    const document = await this.#write(keyOf(type, id), {}, ({ metadata, spec }) => ({
      metadata: { ...metadata, finalizers: metadata.finalizers.filter((finalizer) => finalizer !== name) },
      spec,
    }));
    return decodeDocument(type, document);
  }

  async #update<Type extends ResourceType>(
    type: Type,
    id: string,
    next: Next<Type>,
    options: UpdateOptions = {},
  ): Promise<ResourceOf<Type>> {
    const key = keyOf(type, id);
    const document = await this.#write(key, options, (current) => {
      this.#mayWrite(current.metadata);
      mayUpdate(current.metadata, options.phase);
      const changed = next(() => decodeDocument(type, current));
      return {
        metadata: {
          ...current.metadata,
          labels: changed.labels ?? current.metadata.labels,
          annotations: changed.annotations ?? current.metadata.annotations,
        },
        spec: changed.spec === undefined ? current.spec : encodeSpec(type, key, changed.spec),
      };
    });
    return decodeDocument(type, document);
  }

  async #document(key: Key): Promise<Document> {
    const document = await this.#store.get(key);
    if (document === undefined) throw new NotFound(key);
    return document;
  }

  /** Reads, changes and writes until nobody came between. Each lap that fails is another writer's success. */
  async #write(
    key: Key,
    { version, always = false }: WriteOptions & { readonly always?: boolean },
    change: (current: Document) => Draft,
  ): Promise<Document> {
    for (;;) {
      const current = await this.#document(key);
      if (version !== undefined && current.metadata.version !== version) {
        throw new VersionConflict(key, version, current.metadata.version);
      }
      const { metadata, spec } = change(current);
      const next = { metadata, spec };
      if (!always && isDeepStrictEqual(next, { metadata: current.metadata, spec: current.spec }))
        return current;
      try {
        const draft = { metadata: { ...metadata, updated: this.#clock.now() }, spec };
        return await this.#store.put(draft, current.metadata.version);
      } catch (error) {
        if (!(error instanceof VersionConflict)) throw error;
      }
    }
  }

  #mayWrite({ owner, ...key }: Metadata): void {
    if (owner !== this.owner) throw new OwnerConflict(key, owner, this.owner);
  }
}

type Changed<Type extends ResourceType> = Partial<Body<SpecOf<Type>>>;
/** What comes after what is there. It need not look: a stored spec that no longer fits can be overwritten. */
type Next<Type extends ResourceType> = (read: () => ResourceOf<Type>) => Changed<Type>;

function mayUpdate(metadata: Metadata, phase: Phase | "any" = "running"): void {
  if (phase !== "any" && metadata.phase !== phase)
    throw new PhaseConflict(metadata, metadata.phase, "update");
}

const keyOf = ({ namespace, type }: ResourceType, id: string): Key => ({ namespace, type, id });
const kindOf = ({ namespace, type }: ResourceType) => ({ namespace, type });
