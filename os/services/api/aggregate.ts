import type { DescMethod } from "@bufbuild/protobuf";
import { GrpcError } from "../../../api/grpc/error.ts";
import { failureOf, type Shape, withNode } from "./node-metadata.ts";

type Messages = AsyncIterable<Uint8Array>;

/**
 * The answers of several nodes: as they come in a stream, or put together as one list. A node that fails is an answer
 * with an error.
 */
export async function* aggregate(
  nodes: readonly string[],
  { name, methodKind }: Pick<DescMethod, "name" | "methodKind">,
  requests: Messages,
  ask: (node: string, requests: Messages) => Messages,
): AsyncGenerator<Uint8Array> {
  const takesMany = methodKind === "client_streaming" || methodKind === "bidi_streaming";
  if (takesMany && nodes.length > 1) {
    throw new GrpcError("invalidArgument", `${name} can be sent to one node only`);
  }
  const shape: Shape = methodKind === "unary" || methodKind === "client_streaming" ? "unary" : "stream";
  const request = takesMany ? undefined : await Array.fromAsync(requests);

  async function* answersOf(node: string): AsyncGenerator<Uint8Array> {
    try {
      const again = request ? messagesOf(request) : requests;
      for await (const answer of ask(node, again)) yield withNode(shape, answer, node);
    } catch (error) {
      yield failureOf(shape, GrpcError.from(error), node);
    }
  }

  const answers = nodes.map(answersOf);
  if (shape === "stream") yield* merged(answers);
  else yield Buffer.concat((await Promise.all(answers.map((answer) => Array.fromAsync(answer)))).flat());
}

async function* messagesOf(messages: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* messages;
}

/** What several sources yield, as it comes. */
async function* merged<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = (source: AsyncGenerator<T>) => source.next().then((result) => ({ source, result }));
  const waiting = new Map(sources.map((source) => [source, next(source)]));
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values());
      if (result.done) waiting.delete(source);
      else {
        waiting.set(source, next(source));
        yield result.value;
      }
    }
  } finally {
    for (const source of waiting.keys()) void source.return(undefined);
  }
}
