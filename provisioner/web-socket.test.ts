import { duplexPair } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptOf, WebSocketBytes } from "./web-socket.ts";

const none = new Uint8Array();

async function readAll(side: WebSocketBytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const bytes of side) chunks.push(bytes);
  return Buffer.concat(chunks);
}

test("the handshake is answered as in RFC 6455 §1.3", () => {
  expect(acceptOf("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

test("whatever one side sends arrives at the other, either way, and the end too", async () => {
  const bytes = fc.uint8Array({ maxLength: 70_000, size: "max" });
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 4 }), fc.boolean(), async (messages, down) => {
      const [a, b] = duplexPair();
      const client = new WebSocketBytes(a, { side: "client", head: none });
      const server = new WebSocketBytes(b, { side: "server", head: none });
      const [from, to] = down ? [server, client] : [client, server];
      const arrived = readAll(to);
      for (const message of messages) await from.send(message);
      await from[Symbol.asyncDispose]();
      expect((await arrived).equals(Buffer.concat(messages))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

describe("a server", () => {
  /** The frames of a client that masks with zeros. */
  const frame = (first: number, payload: readonly number[]) => [
    first,
    0x80 | payload.length,
    0,
    0,
    0,
    0,
    ...payload,
  ];
  const readOf = (frames: readonly number[]) => {
    const [mine, theirs] = duplexPair();
    const server = new WebSocketBytes(mine, { side: "server", head: Buffer.from(frames) });
    theirs.end();
    return { read: readAll(server), theirs };
  };

  test("joins the pieces of a message, and answers a ping in between", async () => {
    const { read, theirs } = readOf([...frame(0x01, [0x61]), ...frame(0x89, [0x70]), ...frame(0x80, [0x62])]);
    expect((await read).toString()).toBe("ab");
    expect(theirs.read()).toEqual(Buffer.from([0x8a, 1, 0x70]));
  });

  test.each([
    ["frames that are not masked", [0x82, 1, 0x61], "clients mask"],
    ["extensions that nobody agreed on", frame(0xc2, []), "extensions"],
    ["opcodes that mean nothing", frame(0x83, []), "opcode 3"],
    ["a frame of more than it would keep", [0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], "too long"],
    ["a ping that is too long", [0x89, 0xfe, 0, 200, 0, 0, 0, 0], "too long"],
  ])("refuses %s", async (_, frames, why) => {
    await expect(readOf(frames).read).rejects.toThrow(why);
  });
});
