import { once } from "node:events";
import { connect } from "node:net";
import { ChannelCredentials, Metadata, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { EchoService } from "../gen/ingot/testing/v1/echo_pb.js";
import { type Channel, openChannel } from "./channel.ts";
import { client } from "./client.ts";
import { GrpcError, statusCode } from "./error.ts";
import type { Call, Handlers } from "./handlers.ts";
import { serve } from "./serve.ts";
import { openServer } from "./server.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function echo(handlers: Handlers<typeof EchoService>) {
  const unexpected: unknown[] = [];
  const server = await openServer({
    address: "127.0.0.1:0",
    credentials: ServerCredentials.createInsecure(),
    services: [serve(EchoService, handlers)],
    unexpected: (error) => unexpected.push(error),
  });
  const channel: Channel = openChannel({
    address: `127.0.0.1:${server.port}`,
    credentials: ChannelCredentials.createInsecure(),
  });
  stack.use(server);
  stack.use(channel);
  return { calls: client(EchoService, channel), server, channel, unexpected };
}

const within = { deadlineMs: 20_000 };

async function* pings(...texts: string[]) {
  for (const text of texts) yield { text };
}

const failWith = (error: unknown): Handlers<typeof EchoService> => ({
  unary: async () => {
    throw error;
  },
  async *serverStream() {
    yield { text: "first" };
    throw error;
  },
  clientStream: async (requests) => {
    await Array.fromAsync(requests);
    throw error;
  },
  async *bidi(requests) {
    for await (const { text } of requests) yield { text };
    throw error;
  },
});

async function* failing() {
  yield { text: "a" };
  throw new Error("the disk is gone");
}

const aborted = (call: Call) =>
  new Promise<void>((resolve) => call.signal.addEventListener("abort", () => resolve(), { once: true }));

/** A stream that ends only by its signal, and tells when and why it did. */
function endless() {
  const started = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<unknown>();
  const handlers: Handlers<typeof EchoService> = {
    unary: async (_, call) => {
      started.resolve();
      await aborted(call);
      stopped.resolve(call.signal.reason);
      return {};
    },
    async *serverStream(_, call) {
      yield { text: "first" };
      started.resolve();
      await aborted(call);
      stopped.resolve(call.signal.reason);
    },
  };
  return { handlers, started: started.promise, stopped: stopped.promise };
}

describe("calls", () => {
  test("a unary call carries a request and its answer", async () => {
    const { calls } = await echo({
      unary: async ({ text, count }) => ({ text: `${text}!`, count: count + 1 }),
    });
    expect(await calls.unary({ text: "hi", count: 1 })).toMatchObject({ text: "hi!", count: 2 });
  });

  test("a server stream yields in order and ends", async () => {
    const { calls } = await echo({
      async *serverStream({ count }) {
        for (let i = 0; i < count; i++) yield { count: i };
      },
    });
    const answers = await Array.fromAsync(calls.serverStream({ count: 1_000 }, within));
    expect(answers.map((pong) => pong.count)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  });

  test("a client stream is read to its end before it is answered", async () => {
    const { calls } = await echo({
      clientStream: async (requests) => ({
        text: (await Array.fromAsync(requests, (ping) => ping.text)).join(" "),
      }),
    });
    expect(await calls.clientStream(pings("a", "b", "c"), within)).toMatchObject({ text: "a b c" });
  });

  test("both sides of a bidirectional stream flow at once", async () => {
    const { calls } = await echo({
      async *bidi(requests) {
        for await (const { text } of requests) yield { text: text.toUpperCase() };
      },
    });
    const answered = Promise.withResolvers<void>();
    async function* questions() {
      yield { text: "a" };
      await answered.promise; // the second is sent only when the first was answered
      yield { text: "b" };
    }
    const texts: string[] = [];
    for await (const { text } of calls.bidi(questions(), within)) {
      texts.push(text);
      answered.resolve();
    }
    expect(texts).toEqual(["A", "B"]);
  });

  test("metadata travels with the request, the headers and the trailers", async () => {
    const { calls } = await echo({
      unary: async (_, call) => {
        const headers = new Metadata();
        headers.set("x-header", `for ${call.metadata.get("node").join()}`);
        call.sendHeaders(headers);
        call.trailers.set("x-trailer", "bye");
        return { text: call.path };
      },
    });
    const metadata = new Metadata();
    metadata.set("node", "10.0.0.1");
    const seen: Record<string, unknown> = {};
    const { text } = await calls.unary(
      {},
      {
        metadata,
        onHeaders: (headers) => (seen["header"] = headers.get("x-header")),
        onTrailers: (trailers) => (seen["trailer"] = trailers.get("x-trailer")),
      },
    );
    expect({ text, ...seen }).toEqual({
      text: "/ingot.testing.v1.EchoService/Unary",
      header: ["for 10.0.0.1"],
      trailer: ["bye"],
    });
  });
});

describe("failures", () => {
  type Calls = Awaited<ReturnType<typeof echo>>["calls"];
  const kinds: Record<string, (calls: Calls) => Promise<unknown>> = {
    unary: (calls) => calls.unary({}),
    "server stream": (calls) => Array.fromAsync(calls.serverStream({}, within)),
    "client stream": (calls) => calls.clientStream(pings("a"), within),
    bidi: (calls) => Array.fromAsync(calls.bidi(pings("a"), within)),
  };

  test.each(Object.entries(kinds))("of a %s call keep code, details and trailers", async (_, run) => {
    const metadata = new Metadata();
    metadata.set("x-why", "taken");
    const { calls, unexpected } = await echo(
      failWith(new GrpcError("alreadyExists", "it is there", { metadata })),
    );
    const error = await run(calls).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(GrpcError);
    expect(error).toMatchObject({ code: "alreadyExists", details: "it is there" });
    expect((error as GrpcError).metadata.get("x-why")).toEqual(["taken"]);
    expect(unexpected).toEqual([]);
  });

  test.each(Object.entries(kinds))("of a %s call that are bugs are unknown, and reported", async (_, run) => {
    const bug = new TypeError("undefined is not a function");
    const { calls, unexpected } = await echo(failWith(bug));
    await expect(run(calls)).rejects.toMatchObject({ code: "unknown", details: bug.message });
    expect(unexpected).toEqual([bug]);
  });

  test("a method without a handler is unimplemented", async () => {
    const { calls } = await echo({});
    await expect(calls.unary({})).rejects.toMatchObject({ code: "unimplemented" });
  });

  test("every code is named once", async () => {
    const codes = Object.values(statusCode);
    expect(codes).toEqual(Array.from({ length: 17 }, (_, code) => code));
  });

  test("a source of requests that fails cancels the call, and is the error", async () => {
    const received: string[] = [];
    const { calls } = await echo({
      async *bidi(requests) {
        for await (const { text } of requests) {
          received.push(text);
          yield { text };
        }
      },
      clientStream: async (requests) => {
        await Array.fromAsync(requests);
        return { text: "whole" };
      },
    });
    await expect(Array.fromAsync(calls.bidi(failing(), within))).rejects.toThrow("the disk is gone");
    await expect(calls.clientStream(failing(), within)).rejects.toThrow("the disk is gone");
  });
});

describe("ending early", () => {
  test("a client that stops iterating stops the handler", async () => {
    const { handlers, stopped } = endless();
    const { calls, unexpected } = await echo(handlers);
    for await (const { text } of calls.serverStream({}, { signal: new AbortController().signal })) {
      expect(text).toBe("first");
      break;
    }
    expect(await stopped).toMatchObject({ code: "cancelled" });
    expect(unexpected).toEqual([]);
  });

  test.each(["unary", "serverStream"] as const)(
    "aborting the signal of %s cancels both sides",
    async (kind) => {
      const { handlers, started, stopped } = endless();
      const { calls } = await echo(handlers);
      const abort = new AbortController();
      const options = { signal: abort.signal };
      const call =
        kind === "unary" ? calls.unary({}, options) : Array.fromAsync(calls.serverStream({}, options));
      void started.then(() => abort.abort());
      await expect(call).rejects.toMatchObject({ code: "cancelled" });
      expect(await stopped).toMatchObject({ code: "cancelled" });
    },
  );

  test("a signal that was aborted before the call starts none", async () => {
    const { calls } = await echo({ unary: async () => ({}) });
    await expect(calls.unary({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
  });

  test("a deadline that passes ends the call on both sides", async () => {
    const { handlers, stopped } = endless();
    const { calls } = await echo(handlers);
    await expect(calls.unary({}, { deadlineMs: 300 })).rejects.toMatchObject({ code: "deadlineExceeded" });
    await stopped;
  });

  test("a closing server stops its calls and says so", async () => {
    const { handlers, started, stopped } = endless();
    const { calls, server } = await echo(handlers);
    const call = Array.fromAsync(calls.serverStream({}, within));
    void started.then(() => server[Symbol.asyncDispose]());
    await expect(call).rejects.toMatchObject({ code: "unavailable" });
    expect(await stopped).toMatchObject({ code: "unavailable" });
  });

  test("a server closes although a client is gone without a word", async () => {
    const server = await openServer({
      address: "127.0.0.1:0",
      credentials: ServerCredentials.createInsecure(),
      services: [],
      unexpected: () => {},
      graceMs: 10,
    });
    // It says hello (RFC 9113 §3.4: the preface, and empty settings), and never answers anything, not even an end.
    const gone = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    stack.defer(() => void gone.destroy());
    gone.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    gone.write(Buffer.from("000000040000000000", "hex"));
    await once(gone, "data");
    gone.pause();
    await server[Symbol.asyncDispose]();
  });

  test("a server that cannot listen says why", async () => {
    const { server } = await echo({});
    await expect(
      openServer({
        address: `127.0.0.1:${server.port}`,
        credentials: ServerCredentials.createInsecure(),
        services: [],
        unexpected: () => {},
      }),
    ).rejects.toThrow(/Cannot serve gRPC on .*EADDRINUSE/);
  });
});

describe("backpressure", () => {
  const payload = Buffer.alloc(256 * 1024);
  const messages = 400; // 100 MiB in all
  // Sixteen messages in each object stream, and what the flow-control windows of HTTP/2 hold.
  const inFlight = 64;

  test("a server stream is produced no faster than it is read", async () => {
    let produced = 0;
    const { calls } = await echo({
      async *serverStream() {
        for (; produced < messages; produced++) yield { payload };
      },
    });
    let consumed = 0;
    let most = 0;
    for await (const _ of calls.serverStream({}, { deadlineMs: 60_000 })) {
      consumed++;
      most = Math.max(most, produced - consumed);
      await new Promise(setImmediate);
    }
    expect(consumed).toBe(messages);
    expect(most).toBeLessThanOrEqual(inFlight);
  });

  test("a client stream is produced no faster than the server reads", async () => {
    let produced = 0;
    let most = 0;
    const { calls } = await echo({
      clientStream: async (requests) => {
        let consumed = 0;
        for await (const _ of requests) {
          consumed++;
          most = Math.max(most, produced - consumed);
          await new Promise(setImmediate);
        }
        return { count: consumed };
      },
    });
    async function* source() {
      for (; produced < messages; produced++) yield { payload };
    }
    expect(await calls.clientStream(source(), { deadlineMs: 60_000 })).toMatchObject({ count: messages });
    expect(most).toBeLessThanOrEqual(inFlight);
  });

  test("a reader that stops reading stops the memory of the writer growing", async () => {
    let produced = 0;
    const stalled = Promise.withResolvers<void>();
    let turns = 0;
    const { calls } = await echo({
      async *serverStream(_, call) {
        while (!call.signal.aborted) {
          produced++;
          yield { payload };
        }
      },
    });
    const stream = calls.serverStream({}, { signal: new AbortController().signal });
    await stream.next();
    // Nobody reads now. The writer has stalled when it produced nothing during a thousand turns of the event loop.
    let last = produced;
    const watch = () => {
      turns = produced === last ? turns + 1 : 0;
      last = produced;
      if (turns > 1_000 || produced > 10_000) stalled.resolve();
      else setImmediate(watch);
    };
    watch();
    await stalled.promise;
    expect(produced).toBeLessThanOrEqual(inFlight);
    // Ten thousand messages would be 2.5 GiB; what the tests before left behind is within this too.
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(512 * 1024 * 1024);
    await stream.return();
  });
});
