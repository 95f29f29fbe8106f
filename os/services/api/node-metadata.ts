// Says in an answer which node it is from, without decoding it. Two properties of protobuf carry this: a message may
// bear a field's parts anywhere in it, and two messages one after the other are both, merged.
import { create, toBinary } from "@bufbuild/protobuf";
import { EmptyResponseSchema, EmptySchema } from "../../../api/gen/common/common_pb.js";
import { GrpcError, statusCode } from "../../../api/grpc/error.ts";

/** `unary`: a list of messages, one so far. `stream`: a message by itself. */
export type Shape = "unary" | "stream";

/** Field 1, length-delimited: `repeated X messages = 1` of every unary answer. */
const messagesTag = 0x0a;

export function withNode(shape: Shape, answer: Uint8Array, node: string): Uint8Array {
  const metadata = toBinary(EmptySchema, create(EmptySchema, { metadata: { hostname: node } }));
  if (shape === "stream") return Buffer.concat([answer, metadata]);
  const { start, length } = onlyMessage(answer);
  return Buffer.concat([
    Buffer.of(messagesTag, ...varint(length + metadata.length)),
    answer.subarray(start),
    metadata,
  ]);
}

/** The answer of a node that gave none. */
export function failureOf(shape: Shape, error: GrpcError, node: string): Uint8Array {
  const { code, details } = error;
  const metadata = {
    hostname: node,
    error: `rpc error: code = ${goName(code)} desc = ${details}`,
    status: { code: statusCode[code], message: details },
  };
  return shape === "stream"
    ? toBinary(EmptySchema, create(EmptySchema, { metadata }))
    : toBinary(EmptyResponseSchema, create(EmptyResponseSchema, { messages: [{ metadata }] }));
}

/** grpc-go writes `InvalidArgument` where others write INVALID_ARGUMENT; clients print the sentence as it is. */
const goName = (code: keyof typeof statusCode) =>
  code === "cancelled" ? "Canceled" : code[0]!.toUpperCase() + code.slice(1);

function onlyMessage(answer: Uint8Array): { start: number; length: number } {
  if (answer[0] !== messagesTag) {
    throw new GrpcError("internal", `a node's answer begins with ${answer[0] ?? "nothing"}, not with a list`);
  }
  let length = 0;
  for (let at = 1, shift = 0; at < answer.length && shift < 35; at += 1, shift += 7) {
    length += (answer[at]! & 0x7f) * 2 ** shift;
    if (answer[at]! < 0x80) {
      const start = at + 1;
      if (start + length !== answer.length) break;
      return { start, length };
    }
  }
  throw new GrpcError("internal", "a node's answer is no list of one message");
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}
