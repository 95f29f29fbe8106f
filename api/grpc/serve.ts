import type { EventEmitter } from "node:events";
import type { Readable } from "node:stream";
import type { DescService } from "@bufbuild/protobuf";
import {
  Metadata,
  type Server,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { answerInBytes } from "./answer-in-bytes.ts";
import { GrpcError } from "./error.ts";
import type { ByteHandler, Call, Handlers, Peer } from "./handlers.ts";
import { bytesDefinition, type Payload, serviceDefinition } from "./service-definition.ts";
import { writeAll } from "./write-all.ts";

/** What the server that carries the services does for each of their calls. */
export interface Carrier {
  /** Takes charge of a call: aborts it when the server closes, waits for it, and is told of errors that are bugs. */
  own(path: string, abort: AbortController, finished: Promise<void>): void;
  /** A handler threw something else than a GrpcError. */
  unexpected(error: unknown, path: string): void;
}

/** A service and its handlers, ready to be put on a server. */
export interface ServedService {
  readonly service: DescService;
  /** What the handlers answer, for who stands between them and the server. */
  readonly answer: ByteHandler;
  register(server: Server, carrier: Carrier): void;
}

export function serve<S extends DescService>(service: S, handlers: Handlers<S>): ServedService {
  return {
    service,
    answer: answerInBytes(service, handlers),
    register(server, carrier) {
      const implementation: UntypedServiceImplementation = {};
      for (const { localName, methodKind } of service.methods) {
        const handler = handlers[localName as keyof Handlers<S>];
        if (handler) implementation[localName] = kinds[methodKind](handler as never, carrier);
      }
      server.addService(serviceDefinition(service), implementation);
    },
  };
}

/** A service whose calls all go to one function, and through it perhaps elsewhere. */
export function serveInBytes(service: DescService, answer: ByteHandler): ServedService {
  return {
    service,
    answer,
    register(server, carrier) {
      const definitions = service.methods.map(
        ({ localName, name }) => [localName, bytesDefinition(`/${service.typeName}/${name}`)] as const,
      );
      const implementations = service.methods.map((method) => {
        const handler = (requests: Requests, call: Call) =>
          answer(method, requests as AsyncIterable<never>, call) as AsyncIterable<never>;
        return [method.localName, kinds.bidi_streaming(handler, carrier)] as const;
      });
      server.addService(Object.fromEntries(definitions), Object.fromEntries(implementations));
    },
  };
}

type Answer = Promise<Payload>;
type Answers = AsyncIterable<Payload>;
type Requests = AsyncIterable<Payload>;

const kinds = {
  unary:
    (handler: (request: Payload, call: Call) => Answer, carrier: Carrier) =>
    (call: ServerUnaryCall<Payload, Payload>, reply: sendUnaryData<Payload>) =>
      answerOnce(call, reply, carrier, (context) => handler(call.request, context)),

  client_streaming:
    (handler: (requests: Requests, call: Call) => Answer, carrier: Carrier) =>
    (call: ServerReadableStream<Payload, Payload>, reply: sendUnaryData<Payload>) =>
      answerOnce(call, reply, carrier, (context) => handler(requestsOf(call), context)),

  server_streaming:
    (handler: (request: Payload, call: Call) => Answers, carrier: Carrier) =>
    (call: ServerWritableStream<Payload, Payload>) =>
      answerMany(call, carrier, (context) => handler(call.request, context)),

  bidi_streaming:
    (handler: (requests: Requests, call: Call) => Answers, carrier: Carrier) =>
    (call: ServerDuplexStream<Payload, Payload>) =>
      answerMany(call, carrier, (context) => handler(requestsOf(call), context)),
} as const;

function answerOnce(
  call: ServerUnaryCall<Payload, Payload> | ServerReadableStream<Payload, Payload>,
  reply: sendUnaryData<Payload>,
  carrier: Carrier,
  handle: (context: Call) => Answer,
): void {
  run(call, carrier, async (context) => {
    // Also what a handler throws before it has made its promise.
    const answer = await Promise.try(handle, context).catch((error: unknown) =>
      failure(error, context, carrier),
    );
    if (answer instanceof GrpcError) reply(answer.toStatus());
    else reply(null, answer, context.trailers);
  });
}

function answerMany(
  call: ServerWritableStream<Payload, Payload> | ServerDuplexStream<Payload, Payload>,
  carrier: Carrier,
  handle: (context: Call) => Answers,
): void {
  run(call, carrier, async (context) => {
    try {
      await writeAll(call, handle(context), context.signal);
      context.signal.throwIfAborted();
      call.end(context.trailers);
    } catch (error) {
      // grpc-js ends a stream with the status of the error that its stream emits.
      if (!call.cancelled) call.emit("error", failure(error, context, carrier).toStatus());
    }
  });
}

/** The end of the requests must not destroy the stream: its other half carries the answers. */
const requestsOf = (call: Readable): Requests => call.iterator({ destroyOnReturn: false });

/** What all four kinds of call have. */
type AnyCall = EventEmitter &
  Pick<
    ServerUnaryCall<Payload, Payload>,
    "metadata" | "getPath" | "getPeer" | "getAuthContext" | "sendMetadata"
  >;

function run(call: AnyCall, carrier: Carrier, answer: (context: Call) => Promise<void>): void {
  const abort = new AbortController();
  // grpc-js says so at the end of every call, also of one that went well.
  let isOver = false;
  call.on("cancelled", () => {
    if (!isOver) abort.abort(new GrpcError("cancelled", "the client is gone"));
  });
  const peer: Peer = {
    address: call.getPeer(),
    // Asked for only where it matters: Node takes a certificate apart every time.
    get certificate() {
      return call.getAuthContext().sslPeerCertificate?.raw;
    },
  };
  carrier.own(
    call.getPath(),
    abort,
    answer({
      path: call.getPath(),
      metadata: call.metadata,
      peer,
      signal: abort.signal,
      trailers: new Metadata(),
      sendHeaders: (metadata) => call.sendMetadata(metadata),
    }).finally(() => {
      isOver = true;
    }),
  );
}

function failure(error: unknown, { path, signal, trailers }: Call, carrier: Carrier): GrpcError {
  // A handler that was told to stop may fail in any way; what counts is why it was told to.
  if (signal.aborted && signal.reason instanceof GrpcError) return signal.reason;
  if (!(error instanceof GrpcError)) carrier.unexpected(error, path);
  const { code, details, metadata } = GrpcError.from(error);
  const all = trailers.clone();
  all.merge(metadata);
  return new GrpcError(code, details, { cause: error, metadata: all });
}
