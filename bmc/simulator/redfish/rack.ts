// Many emulated Redfish services in one process: one TLS server, and for every BMC a port that leads to it. A TLS
// server of its own for each would cost every one its certificate store.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { createServer as createDoor, type Socket } from "node:net";
import type { SimulatedChassis } from "../chassis.ts";
import { type EngineAnswer, RedfishEngine } from "./engine.ts";

export interface RackOptions {
  /** PEM: the certificate of all BMCs of the rack. */
  readonly certificate: string;
  readonly key: string;
  readonly randomBytes: (size: number) => Uint8Array;
}

export interface RedfishServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly openSessions: number;
  /** What is in the virtual drive. */
  readonly media: string | undefined;
  /** It hangs. */
  readonly isSilent: boolean;
}

export interface RedfishRack extends AsyncDisposable {
  serve(
    chassis: SimulatedChassis,
    where?: { readonly address?: string | undefined; readonly port?: number | undefined },
  ): Promise<RedfishServer>;
}

const mostBodyBytes = 1 << 20;
/** Longer than the time between two polls, so that a TLS handshake is not the price of each. */
const keepAliveMs = 65_000;

interface Bmc {
  readonly engine: RedfishEngine;
  readonly chassis: SimulatedChassis;
}

export function openRedfishRack({ certificate, key, randomBytes }: RackOptions): RedfishRack {
  const bmcs = new Map<string, Bmc>();
  const server = createServer(
    { cert: certificate, key, keepAliveTimeout: keepAliveMs },
    (incoming, outgoing) => {
      const { localAddress, localPort } = incoming.socket;
      const bmc = bmcs.get(`${localAddress}:${localPort}`);
      // Closed while this request was on its way.
      if (bmc) void answer(bmc, incoming, outgoing);
      else incoming.socket.destroy();
    },
  );
  server.on("tlsClientError", () => {});
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const status = error.code === "HPE_INVALID_METHOD" ? "501 Not Implemented" : "400 Bad Request";
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    else socket.destroy();
  });
  const open = new Set<RedfishServer>();

  return {
    async serve(chassis, { address = "127.0.0.1", port = 0 } = {}) {
      const engine = new RedfishEngine({ chassis, randomBytes });
      const sockets = new Set<Socket>();
      const door = createDoor((socket) => {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        server.emit("connection", socket);
      });
      door.listen(port, address);
      await once(door, "listening");
      const bound = door.address();
      if (bound === null || typeof bound === "string")
        throw new Error(`Cannot serve at ${address}: no TCP port`);
      const name = `${bound.address}:${bound.port}`;
      bmcs.set(name, { engine, chassis });
      const served: RedfishServer = {
        address,
        port: bound.port,
        get openSessions() {
          return engine.openSessions;
        },
        get media() {
          return engine.media;
        },
        get isSilent() {
          return engine.isSilent;
        },
        async [Symbol.asyncDispose]() {
          if (!open.delete(served)) return;
          bmcs.delete(name);
          const closed = once(door, "close");
          door.close();
          for (const socket of sockets) socket.destroy();
          await closed;
        },
      };
      open.add(served);
      return served;
    },
    async [Symbol.asyncDispose]() {
      for (const served of open) await served[Symbol.asyncDispose]();
      server.close();
    },
  };
}

async function answer(
  { engine, chassis }: Bmc,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > mostBodyBytes) return void incoming.destroy();
      chunks.push(chunk);
    }
  } catch {
    // Whoever asked went away before it was asked.
    return;
  }
  const answered = engine.receive({
    method: incoming.method ?? "",
    path: incoming.url ?? "/",
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value[0] : value,
      ]),
    ),
    body: Buffer.concat(chunks),
  });
  // A BMC that hangs keeps its connections.
  if (!answered) return;
  const { latencyMs } = chassis.quirks;
  if (latencyMs === undefined) send(outgoing, answered);
  else chassis.clock.after(latencyMs, () => send(outgoing, answered));
}

function send(outgoing: ServerResponse, { status, headers, body }: EngineAnswer): void {
  outgoing.writeHead(status, headers);
  outgoing.end(body);
}
