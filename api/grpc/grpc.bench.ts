// `npm run bench -- grpc`: what the adapter costs over grpc-js used by hand. Client and server share this process.
import { once } from "node:events";
import {
  ChannelCredentials,
  Client as GrpcClient,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import type { BenchModule, Comparison } from "../../workshop/bench.ts";
import { EchoService, type Ping, type Pong } from "../gen/ingot/testing/v1/echo_pb.js";
import { openChannel } from "./channel.ts";
import { client } from "./client.ts";
import { serve } from "./serve.ts";
import { openServer } from "./server.ts";
import { serviceDefinition } from "./service-definition.ts";

const calls = 4_000;
const inFlight = 32;
const rounds = 5;
const messages = 2_000;
const payload = Buffer.alloc(64 * 1024);

interface Side extends AsyncDisposable {
  /** Resolves to the number that came back. */
  unary(count: number): Promise<number>;
  /** Resolves to the bytes that arrived. */
  stream(): Promise<number>;
}

export const bench: BenchModule["bench"] = async ({ log }) => {
  const sides = { ours: await adapter(), peer: await byHand() };
  try {
    let figures = { ours: none, peer: none };
    // In turns, for the engine gets faster as it goes; the best of each, for what else runs only ever slows it down.
    for (let round = 0; round < rounds; round++) {
      figures = {
        ours: better(figures.ours, await measure(sides.ours)),
        peer: better(figures.peer, await measure(sides.peer)),
      };
    }
    log(`${calls} unary calls, ${inFlight} in flight; ${messages} messages of ${payload.length} bytes`);
    const compare = (name: string, unit: string, of: (figure: Figures) => number): Comparison => ({
      name,
      unit,
      ours: of(figures.ours),
      peer: of(figures.peer),
      better: "higher",
    });
    return [
      compare("server stream", "MB per CPU second", ({ megabytesPerS }) => megabytesPerS),
      compare("unary calls", "calls per CPU second", ({ callsPerS }) => callsPerS),
    ];
  } finally {
    await sides.ours[Symbol.asyncDispose]();
    await sides.peer[Symbol.asyncDispose]();
  }
};

interface Figures {
  readonly callsPerS: number;
  readonly megabytesPerS: number;
}

const none: Figures = { callsPerS: 0, megabytesPerS: 0 };
const better = (a: Figures, b: Figures): Figures => ({
  callsPerS: Math.max(a.callsPerS, b.callsPerS),
  megabytesPerS: Math.max(a.megabytesPerS, b.megabytesPerS),
});

async function measure(side: Side): Promise<Figures> {
  const callsS = await seconds(() => callAll(side));
  const bytes = messages * payload.length;
  const streamS = await seconds(async () => {
    const arrived = await side.stream();
    if (arrived !== bytes) throw new Error(`${arrived} of ${bytes} bytes arrived`);
  });
  return { callsPerS: calls / callsS, megabytesPerS: bytes / 1e6 / streamS };
}

async function callAll(side: Side): Promise<void> {
  let next = 0;
  const caller = async () => {
    while (next < calls) {
      const count = next++;
      if ((await side.unary(count)) !== count) throw new Error("the wrong answer");
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
}

/** Of the processor, for client, server and kernel side: the clock on the wall tells what else ran. */
async function seconds(act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function adapter(): Promise<Side> {
  const server = await openServer({
    address: "127.0.0.1:0",
    credentials: ServerCredentials.createInsecure(),
    services: [
      serve(EchoService, {
        unary: async ({ count }) => ({ count }),
        async *serverStream({ count }) {
          for (let left = count; left > 0; left--) yield { payload };
        },
      }),
    ],
    unexpected: (error) => {
      throw error;
    },
  });
  const channel = openChannel({
    address: `127.0.0.1:${server.port}`,
    credentials: ChannelCredentials.createInsecure(),
  });
  const echo = client(EchoService, channel);
  return {
    unary: async (count) => (await echo.unary({ count })).count,
    async stream() {
      let bytes = 0;
      for await (const pong of echo.serverStream({ count: messages }, { deadlineMs: 60_000 })) {
        bytes += pong.payload.length;
      }
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      channel[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function byHand(): Promise<Side> {
  const definition = serviceDefinition(EchoService);
  const server = new Server();
  server.addService(definition, {
    unary: (call: ServerUnaryCall<Ping, Pong>, reply: sendUnaryData<Partial<Pong>>) =>
      reply(null, { count: call.request.count }),
    serverStream: (call: ServerWritableStream<Ping, Partial<Pong>>) => {
      let left = call.request.count;
      const fill = () => {
        while (left-- > 0) if (!call.write({ payload })) return;
        call.end();
      };
      call.on("drain", fill);
      fill();
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  const transport = new GrpcClient(`127.0.0.1:${port}`, ChannelCredentials.createInsecure());
  const { unary, serverStream } = definition;
  const deadline = () => ({ deadline: Date.now() + 60_000 });
  return {
    unary: (count) =>
      new Promise((resolve, reject) =>
        transport.makeUnaryRequest(
          unary.path,
          unary.requestSerialize,
          unary.responseDeserialize,
          { count },
          new Metadata(),
          deadline(),
          (error, pong) => (error ? reject(error) : resolve(pong!.count)),
        ),
      ),
    async stream() {
      let bytes = 0;
      const pongs = transport.makeServerStreamRequest(
        serverStream.path,
        serverStream.requestSerialize,
        serverStream.responseDeserialize,
        { count: messages },
        new Metadata(),
        deadline(),
      );
      pongs.on("data", (pong: Pong) => (bytes += pong.payload.length));
      await once(pongs, "end");
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      transport.close();
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    },
  };
}
