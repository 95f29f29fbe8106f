// What we write into answers without decoding them, against what upstream's own code would have written.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataSchema } from "../../../api/gen/common/common_pb.js";
import { HostnameResponseSchema } from "../../../api/gen/machine/statistics_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import { failureOf, withNode } from "./node-metadata.ts";

const captures = join(import.meta.dirname, "../../../api/captures/talos-v1.13.0-messages.txt");
const captured = (says: string) => {
  const line = readFileSync(captures, "utf8")
    .split("\n")
    .find((it) => it.includes(` | ${says} | `));
  return Buffer.from(line!.split(" | ").at(-1)!, "hex");
};
const answer = (hostname: string) =>
  toBinary(HostnameResponseSchema, create(HostnameResponseSchema, { messages: [{ hostname }] }));

describe("the node in an answer", () => {
  test("is read by others as if the answer had been made with it", () => {
    const completed = withNode("unary", answer("one"), "10.0.0.1");
    const theirs = fromBinary(
      HostnameResponseSchema,
      captured("an answer of one node, as the proxy completes it"),
    );
    expect(fromBinary(HostnameResponseSchema, completed)).toEqual(theirs);
  });

  test("a failure is, byte for byte, upstream's", () => {
    const error = new GrpcError("unavailable", "no route to host");
    expect(Buffer.from(failureOf("unary", error, "10.0.0.2"))).toEqual(captured("a node that failed"));
  });

  test("answers of any length put together are the list of all", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40_000 }), { maxLength: 5 }), (names) => {
        const all = Buffer.concat(names.map((name, at) => withNode("unary", answer(name), `node-${at}`)));
        const { messages } = fromBinary(HostnameResponseSchema, all);
        expect(messages.map(({ hostname }) => hostname)).toEqual(names);
        expect(messages.map(({ metadata }) => metadata?.hostname)).toEqual(
          names.map((_, at) => `node-${at}`),
        );
      }),
    );
  });

  test("stands in each message of a stream", () => {
    const chunk = toBinary(DataSchema, create(DataSchema, { bytes: Buffer.of(1, 2) }));
    expect(fromBinary(DataSchema, withNode("stream", chunk, "n"))).toMatchObject({
      bytes: Buffer.of(1, 2),
      metadata: { hostname: "n" },
    });
  });

  test.each(["", "12", "0a05", "0affffffffffffff"])("the answer %j, which is no list, is refused", (hex) => {
    expect(() => withNode("unary", Buffer.from(hex, "hex"), "n")).toThrow(GrpcError);
  });
});
