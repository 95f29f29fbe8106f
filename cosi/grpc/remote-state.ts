import { EventType, State as StateService, type Event as WireEvent } from "../../api/gen/cosi/state_pb.js";
import type { Channel } from "../../api/grpc/channel.ts";
import { type CallOptions, type Client, client } from "../../api/grpc/client.ts";
import { GrpcError } from "../../api/grpc/error.ts";
import type { Query } from "../query.ts";
import type { Metadata, Resource, ResourceOf, ResourceType, SpecOf } from "../resource.ts";
import type { Body, UpdateOptions, WatchOptions } from "../state.ts";
import { type Bookmark, BookmarkExpired } from "../store.ts";
import type { Event } from "../watch-events.ts";
import { type ServedType, servedType } from "./served-type.ts";
import { decodeBookmark, encodeBookmark } from "./wire-bookmark.ts";
import { encodeQuery } from "./wire-query.ts";
import { decodeResource, encodeResource } from "./wire-resource.ts";

export interface RemoteStateOptions {
  readonly channel: Channel;
  /** The types whose specs travel in a proto of their own. */
  readonly types?: readonly ServedType[];
  /** In whose name it writes, where the server lets it. */
  readonly owner?: string;
  /** How long any call but a watch may take. */
  readonly deadlineMs?: number;
  /** Sent along with each call: the node that a proxy shall ask. */
  readonly metadata?: CallOptions["metadata"];
}

/**
 * The resources of a node, of the provisioner, or of upstream's own server, with the verbs of State. What the server
 * refuses is a GrpcError with its code and its sentence.
 */
export class RemoteState {
  readonly #calls: Client<typeof StateService>;
  readonly #types: ReadonlyMap<string, ServedType>;
  readonly #owner: string;
  readonly #options: CallOptions & { readonly deadlineMs: number };

  constructor({ channel, types = [], owner = "", deadlineMs = 30_000, metadata }: RemoteStateOptions) {
    this.#calls = client(StateService, channel);
    this.#types = new Map(types.map((served) => [served.type.type, served]));
    this.#owner = owner;
    this.#options = { deadlineMs, ...(metadata && { metadata }) };
  }

  /** Undefined when there is none. */
  async find<Type extends ResourceType>(type: Type, id: string): Promise<ResourceOf<Type> | undefined> {
    try {
      return await this.get(type, id);
    } catch (error) {
      if (error instanceof GrpcError && error.code === "notFound") return undefined;
      throw error;
    }
  }

  async get<Type extends ResourceType>(type: Type, id: string): Promise<ResourceOf<Type>> {
    return this.#decode(type, await this.#calls.get(keyOf(type, id), this.#options));
  }

  async list<Type extends ResourceType>(
    type: Type,
    query: Query = {},
  ): Promise<{ readonly resources: readonly ResourceOf<Type>[] }> {
    const request = { ...kindOf(type), options: encodeQuery(query) };
    const resources = await Array.fromAsync(this.#calls.list(request, this.#options), (answer) =>
      this.#decode(type, answer),
    );
    return { resources };
  }

  async create<Type extends ResourceType>(
    type: Type,
    id: string,
    { spec, labels = {}, annotations = {} }: Body<SpecOf<Type>>,
    { finalizers = [] }: Partial<Pick<Metadata, "finalizers">> = {},
  ): Promise<ResourceOf<Type>> {
    const now = new Date(0); // the server says when
    const metadata: Metadata = {
      ...keyOf(type, id),
      version: 1n,
      owner: this.#owner,
      phase: "running",
      finalizers,
      labels,
      annotations,
      created: now,
      updated: now,
    };
    const resource = encodeResource(this.#served(type), { metadata, spec });
    const request = { resource, options: { owner: this.#owner } };
    return this.#decode(type, await this.#calls.create(request, this.#options));
  }

  /** Writes a resource as it was read and then changed, over the version it was read at. */
  async replace<Type extends ResourceType>(
    type: Type,
    resource: ResourceOf<Type>,
    { phase = "running" }: Pick<UpdateOptions, "phase"> = {},
  ): Promise<ResourceOf<Type>> {
    const request = {
      newResource: encodeResource(this.#served(type), resource),
      options: { owner: this.#owner, ...(phase !== "any" && { expectedPhase: phase }) },
    };
    return this.#decode(type, await this.#calls.update(request, this.#options));
  }

  /** True when nobody holds it any more. */
  async teardown(type: ResourceType, id: string): Promise<boolean> {
    const request = { ...keyOf(type, id), options: { owner: this.#owner } };
    return (await this.#calls.teardown(request, this.#options)).destroyReady;
  }

  async destroy(type: ResourceType, id: string): Promise<void> {
    await this.#calls.destroy({ ...keyOf(type, id), options: { owner: this.#owner } }, this.#options);
  }

  /** Tears it down, waits until everyone has let go, and destroys it. */
  async teardownAndDestroy(type: ResourceType, id: string, signal: AbortSignal): Promise<void> {
    const request = { ...keyOf(type, id), options: { owner: this.#owner } };
    await this.#calls.teardownAndDestroy(request, { ...this.#options, signal, deadlineMs: Infinity });
  }

  /** Changes in batches. A broken connection is the error `unavailable`: watch again after the last bookmark. */
  async *watch<Type extends ResourceType>(
    type: Type,
    { signal, from = "contents", id, query = {} }: WatchOptions,
  ): AsyncGenerator<readonly Event<Type>[], void, undefined> {
    const ofKind = id === undefined;
    const responses = this.#calls.watch(
      {
        ...kindOf(type),
        ...(!ofKind && { id }),
        apiVersion: 1,
        options: {
          aggregated: ofKind,
          ...encodeQuery(query),
          ...(from === "contents" && { bootstrapContents: ofKind }),
          ...(typeof from === "object" && "tail" in from && { tailEvents: from.tail }),
          ...(typeof from === "object" &&
            "after" in from && { startFromBookmark: encodeBookmark(from.after) }),
        },
      },
      { ...(this.#options.metadata && { metadata: this.#options.metadata }), signal },
    );
    try {
      let isFirst = from === "contents";
      for await (const { event: wires } of responses) {
        if (wires.length === 0) continue;
        const last = bookmarkOf(wires.at(-1)!);
        const events = wires.flatMap((wire) => this.#event(type, wire, last));
        // The wire begins a watch of one with what it is, and has no mark after that.
        if (!ofKind && isFirst) {
          const mark: Event<Type> = { type: "bootstrapped", bookmark: last };
          yield [...events.filter((event) => event.type === "created"), mark];
        } else if (events.length > 0) yield events;
        isFirst = false;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof GrpcError && error.code === "failedPrecondition") {
        throw new BookmarkExpired(`Cannot watch ${type.type}: ${error.details}`, { cause: error });
      }
      throw error;
    }
  }

  /** An event of the contents has no bookmark of its own; the batch ends with one. */
  #event<Type extends ResourceType>(type: Type, wire: WireEvent, last: Bookmark): Event<Type>[] {
    const bookmark = wire.bookmark ? bookmarkOf(wire) : last;
    const decode = (resource: WireEvent["resource"]) => this.#decode(type, { resource });
    switch (wire.eventType) {
      case EventType.CREATED:
        return [{ type: "created", resource: decode(wire.resource), bookmark }];
      case EventType.UPDATED:
        return [{ type: "updated", resource: decode(wire.resource), old: decode(wire.old), bookmark }];
      case EventType.DESTROYED:
        // What was never there has no spec to tell.
        if (wire.resource?.metadata?.version === "undefined") return [];
        return [{ type: "destroyed", resource: decode(wire.resource), bookmark }];
      case EventType.BOOTSTRAPPED:
        return [{ type: "bootstrapped", bookmark }];
      case EventType.ERRORED:
        throw new GrpcError("unknown", wire.error ?? "the watch failed");
      case EventType.NOOP:
        return [];
    }
  }

  #served(type: ResourceType): ServedType {
    return { ...(this.#types.get(type.type) ?? servedType(type)), type };
  }

  #decode<Type extends ResourceType>(
    type: Type,
    { resource }: { readonly resource?: WireEvent["resource"] },
  ): ResourceOf<Type> {
    if (!resource) throw new GrpcError("dataLoss", `the server sent no resource of ${type.type}`);
    return decodeResource(this.#served(type), resource) satisfies Resource as ResourceOf<Type>;
  }
}

const kindOf = ({ namespace, type }: ResourceType) => ({ namespace, type });
const keyOf = (type: ResourceType, id: string) => ({ ...kindOf(type), id });
const bookmarkOf = ({ bookmark = new Uint8Array() }: WireEvent) => decodeBookmark(bookmark);
