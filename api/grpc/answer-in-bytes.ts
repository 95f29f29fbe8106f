import {
  create,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { GrpcError } from "./error.ts";
import type { ByteHandler, Call, Handlers } from "./handlers.ts";
import type { Payload } from "./service-definition.ts";

type Messages = AsyncIterable<Payload>;

/** The handlers of a service, for one who has bytes and wants bytes. */
export function answerInBytes<S extends DescService>(service: S, handlers: Handlers<S>): ByteHandler {
  return async function* (method, requests, call) {
    const handler = handlers[method.localName as keyof Handlers<S>];
    if (!handler)
      throw new GrpcError("unimplemented", `${method.name} of ${service.typeName} is not served here`);
    for await (const answer of kinds[method.methodKind](
      handler as never,
      decoded(method, requests),
      call,
    ) as AsyncIterable<MessageInitShape<DescMethod["output"]>>) {
      yield toBinary(method.output, create(method.output, answer));
    }
  };
}

const kinds = {
  async *unary(handler: (request: Payload, call: Call) => Promise<Payload>, requests: Messages, call: Call) {
    yield await handler(await only(requests), call);
  },
  async *client_streaming(
    handler: (requests: Messages, call: Call) => Promise<Payload>,
    requests: Messages,
    call: Call,
  ) {
    yield await handler(requests, call);
  },
  async *server_streaming(
    handler: (request: Payload, call: Call) => Messages,
    requests: Messages,
    call: Call,
  ) {
    yield* handler(await only(requests), call);
  },
  bidi_streaming: (
    handler: (requests: Messages, call: Call) => Messages,
    requests: Messages,
    call: Call,
  ): Messages => handler(requests, call),
} as const;

async function* decoded(
  { input, name }: DescMethod,
  requests: AsyncIterable<Uint8Array>,
): AsyncGenerator<Payload> {
  for await (const bytes of requests) {
    try {
      yield fromBinary(input, bytes);
    } catch (cause) {
      throw new GrpcError("internal", `the request of ${name} is malformed`, { cause });
    }
  }
}

async function only(requests: Messages): Promise<Payload> {
  for await (const request of requests) return request;
  throw new GrpcError("internal", "the call ended before its request");
}
