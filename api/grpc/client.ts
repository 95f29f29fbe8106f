import type { Writable } from "node:stream";
import type {
  DescMessage,
  DescMethod,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { type Client as GrpcClient, Metadata, type MethodDefinition } from "@grpc/grpc-js";
import type { Channel } from "./channel.ts";
import { GrpcError } from "./error.ts";
import { bytesDefinition, methodDefinition, type Payload } from "./service-definition.ts";
import { writeAll } from "./write-all.ts";

export interface CallOptions {
  readonly metadata?: Metadata;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** How long the whole call may take; Infinity leaves it to the signal. */
  readonly deadlineMs?: number;
  readonly onHeaders?: (headers: Metadata) => void;
  readonly onTrailers?: (trailers: Metadata) => void;
}

/** A stream has no usual length, so its caller says what ends it. */
export type StreamOptions = CallOptions &
  ({ readonly deadlineMs: number } | { readonly signal: AbortSignal });

type Out<D> = D extends DescMessage ? MessageInitShape<D> : never;
type In<D> = D extends DescMessage ? MessageShape<D> : never;

type ClientMethod<M> = M extends { methodKind: infer Kind; input: infer I; output: infer O }
  ? Kind extends "unary"
    ? (request: Out<I>, options?: CallOptions) => Promise<In<O>>
    : Kind extends "server_streaming"
      ? (request: Out<I>, options: StreamOptions) => AsyncGenerator<In<O>, void, undefined>
      : Kind extends "client_streaming"
        ? (requests: AsyncIterable<Out<I>>, options: StreamOptions) => Promise<In<O>>
        : (requests: AsyncIterable<Out<I>>, options: StreamOptions) => AsyncGenerator<In<O>, void, undefined>
  : never;

/** The methods of a service, typed. Every failure is a GrpcError. */
export type Client<S extends DescService> = {
  readonly [K in keyof S["method"]]: ClientMethod<S["method"][K]>;
};

export interface ClientOptions {
  /** How long a unary call may take when it does not say. */
  readonly deadlineMs?: number;
}

export function client<S extends DescService>(
  service: S,
  channel: Channel,
  { deadlineMs = 10_000 }: ClientOptions = {},
): Client<S> {
  const methods = service.methods.map((method) => [
    method.localName,
    kinds[method.methodKind](channel.transport, method, deadlineMs),
  ]);
  return Object.fromEntries(methods) as Client<S>;
}

type Definition = MethodDefinition<Payload, Payload>;

const kinds = {
  unary: (transport: GrpcClient, method: DescMethod, deadlineMs: number) => {
    const definition = methodDefinition(method);
    return (request: Payload, options: CallOptions = {}): Promise<Payload> =>
      answer(options, (reply) =>
        transport.makeUnaryRequest(
          ...wireArguments(definition),
          request,
          options.metadata ?? new Metadata(),
          grpcOptions({ deadlineMs, ...options }),
          reply,
        ),
      );
  },

  client_streaming: (transport: GrpcClient, method: DescMethod) => {
    const definition = methodDefinition(method);
    return async (requests: AsyncIterable<Payload>, options: StreamOptions): Promise<Payload> => {
      const ended = new AbortController();
      let sending: Sending | undefined;
      try {
        return await answer(options, (reply) => {
          const stream = transport.makeClientStreamRequest(
            ...wireArguments(definition),
            options.metadata ?? new Metadata(),
            grpcOptions(options),
            reply,
          );
          sending = send(stream, requests, ended.signal);
          return stream;
        });
      } catch (error) {
        throw sending?.failure ?? error;
      } finally {
        ended.abort();
        await sending?.done;
      }
    };
  },

  server_streaming: (transport: GrpcClient, method: DescMethod) => {
    const definition = methodDefinition(method);
    return async function* (request: Payload, options: StreamOptions): AsyncGenerator<Payload, void> {
      yield* received(
        transport.makeServerStreamRequest(
          ...wireArguments(definition),
          request,
          options.metadata ?? new Metadata(),
          grpcOptions(options),
        ),
        options,
      );
    };
  },

  bidi_streaming: (transport: GrpcClient, method: DescMethod) =>
    exchange(transport, methodDefinition(method)),
} as const;

/** Makes a call of any kind with messages as they are on the wire. */
export const callInBytes = (channel: Channel, path: string) =>
  exchange(channel.transport, bytesDefinition(path)) as unknown as (
    requests: AsyncIterable<Uint8Array>,
    options: StreamOptions,
  ) => AsyncGenerator<Uint8Array, void>;

function exchange(transport: GrpcClient, definition: Definition) {
  return async function* (
    requests: AsyncIterable<Payload>,
    options: StreamOptions,
  ): AsyncGenerator<Payload, void> {
    const stream = transport.makeBidiStreamRequest(
      ...wireArguments(definition),
      options.metadata ?? new Metadata(),
      grpcOptions(options),
    );
    const ended = new AbortController();
    const sending = send(stream, requests, ended.signal);
    try {
      yield* received(stream, options);
    } catch (error) {
      throw sending.failure ?? error;
    } finally {
      ended.abort();
      await sending.done;
    }
  };
}

function wireArguments({ path, requestSerialize, responseDeserialize }: Definition) {
  return [path, requestSerialize, responseDeserialize] as const;
}

/** gRPC deadlines are moments of the wall clock, which grpc-js reads itself. */
function grpcOptions({ deadlineMs }: CallOptions) {
  return deadlineMs === undefined || deadlineMs === Infinity
    ? {}
    : { deadline: new Date(Date.now() + deadlineMs) };
}

interface Cancellable {
  cancel(): void;
  on(event: "metadata", listener: (headers: Metadata) => void): unknown;
  on(event: "status", listener: (status: { metadata: Metadata }) => void): unknown;
}

/** Lets go of the abort signal, which may outlive the call by far. */
function follow(call: Cancellable, { signal, onHeaders, onTrailers }: CallOptions): () => void {
  if (onHeaders) call.on("metadata", onHeaders);
  if (onTrailers) call.on("status", ({ metadata }) => onTrailers(metadata));
  const cancel = () => call.cancel();
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel);
  return () => signal?.removeEventListener("abort", cancel);
}

async function answer(
  options: CallOptions,
  start: (reply: (error: Error | null, value?: Payload) => void) => Cancellable,
): Promise<Payload> {
  let unfollow: (() => void) | undefined;
  try {
    return await new Promise<Payload>((resolve, reject) => {
      unfollow = follow(
        start((error, value) => (error ? reject(error) : resolve(value as Payload))),
        options,
      );
    });
  } catch (error) {
    throw GrpcError.from(error);
  } finally {
    unfollow?.();
  }
}

type Received = Cancellable & AsyncIterable<Payload> & NodeJS.EventEmitter;

async function* received(stream: Received, options: CallOptions): AsyncGenerator<Payload, void> {
  // The iterator reports errors; a cancelled stream emits one more after it is gone, which would be uncaught.
  stream.on("error", () => {});
  const unfollow = follow(stream, options);
  try {
    for await (const message of stream) yield message;
  } catch (error) {
    throw GrpcError.from(error);
  } finally {
    unfollow();
    stream.cancel();
  }
}

/** The requests of a stream on their way; `failure` is set when their source failed. */
interface Sending {
  readonly done: Promise<void>;
  failure?: Error;
}

function send(stream: Cancellable & Writable, requests: AsyncIterable<Payload>, ended: AbortSignal): Sending {
  const sending: Sending = { done: sendAll() };
  return sending;

  async function sendAll(): Promise<void> {
    try {
      await writeAll(stream, requests, ended);
      if (!ended.aborted) stream.end();
    } catch (cause) {
      // A source that fails cancels the call: half a stream must never pass for a whole one.
      sending.failure = new Error(`Cannot send the requests: ${String(cause)}`, { cause });
      stream.cancel();
    }
  }
}
