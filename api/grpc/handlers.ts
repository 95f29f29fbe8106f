import type {
  DescMessage,
  DescMethod,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Metadata } from "@grpc/grpc-js";

/** What a handler knows of the call besides its request. */
export interface Call {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** What the client sent along. */
  readonly metadata: Metadata;
  readonly peer: Peer;
  /** Aborts when nobody waits for the answer any more: cancelled, past its deadline, disconnected, server closing. */
  readonly signal: AbortSignal;
  /** Sent with the status, at the end. */
  readonly trailers: Metadata;
  /** Sends headers before the first message. */
  sendHeaders(metadata: Metadata): void;
}

export interface Peer {
  readonly address: string;
  /** The client's verified certificate (DER); undefined when it showed none. */
  readonly certificate: Uint8Array | undefined;
}

type Out<D> = D extends DescMessage ? MessageInitShape<D> : never;
type In<D> = D extends DescMessage ? MessageShape<D> : never;

type Handler<M> = M extends { methodKind: infer Kind; input: infer I; output: infer O }
  ? Kind extends "unary"
    ? (request: In<I>, call: Call) => Promise<Out<O>>
    : Kind extends "server_streaming"
      ? (request: In<I>, call: Call) => AsyncIterable<Out<O>>
      : Kind extends "client_streaming"
        ? (requests: AsyncIterable<In<I>>, call: Call) => Promise<Out<O>>
        : (requests: AsyncIterable<In<I>>, call: Call) => AsyncIterable<Out<O>>
  : never;

/** Handlers of a service, by method. A method left out answers `unimplemented`. */
export type Handlers<S extends DescService> = { readonly [K in keyof S["method"]]?: Handler<S["method"][K]> };

/** Answers any call of a service, with messages as they are on the wire. A unary call is a stream of one. */
export type ByteHandler = (
  method: DescMethod,
  requests: AsyncIterable<Uint8Array>,
  call: Call,
) => AsyncIterable<Uint8Array>;
