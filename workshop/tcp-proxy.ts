// A proxy on loopback that tests use to lose exactly what they want to lose.
import { createConnection, createServer, type Socket } from "node:net";

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Keeps back what clients send from now on; resolves when something is kept back. */
  holdRequests(): Promise<void>;
  /** Keeps back what the server sends from now on. */
  holdAnswers(): void;
  /** Ends all connections with the client and lets new ones pass. What was held may still be delivered. */
  cut(): Delayed;
}

/** What the server of a cut connection has not been sent, or has answered without being heard. */
export interface Delayed extends Disposable {
  /** Sends the server what was held; resolves when it has answered. */
  deliver(): Promise<void>;
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly heldRequests: Buffer[];
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const connections = new Set<Connection>();
  let holding: "nothing" | "requests" | "answers" = "nothing";
  let requestHeld = () => {};

  const listener = createServer((client) => {
    const server = createConnection(targetPort, "127.0.0.1");
    const connection: Connection = { client, server, heldRequests: [] };
    connections.add(connection);
    client.on("data", (chunk: Buffer) => {
      if (holding !== "requests") return server.write(chunk);
      connection.heldRequests.push(chunk);
      return requestHeld();
    });
    server.on("data", (chunk) => {
      if (holding !== "answers") client.write(chunk);
    });
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
    // What breaks is closed, and that is passed on.
    client.on("error", () => {});
    server.on("error", () => {});
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));

  return {
    port: (listener.address() as { port: number }).port,
    holdRequests: () => {
      holding = "requests";
      return new Promise((resolve) => {
        requestHeld = resolve;
      });
    },
    holdAnswers: () => {
      holding = "answers";
    },
    cut: () => {
      holding = "nothing";
      const cut = [...connections];
      connections.clear();
      for (const { client } of cut) {
        client.removeAllListeners("close");
        client.destroy();
      }
      return delayed(cut);
    },
    [Symbol.asyncDispose]: async () => {
      for (const { client, server } of connections) {
        client.destroy();
        server.destroy();
      }
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function delayed(connections: readonly Connection[]): Delayed {
  const waiting = connections.filter(({ heldRequests }) => heldRequests.length > 0);
  return {
    deliver: async () => {
      await Promise.all(
        waiting.map(({ server, heldRequests }) => {
          const answered = http2Answer(server);
          server.write(Buffer.concat(heldRequests));
          return answered;
        }),
      );
    },
    [Symbol.dispose]: () => {
      for (const { server } of connections) server.destroy();
    },
  };
}

/** RFC 9113 §4.1: a frame's header is 9 bytes. §6.2: the last HEADERS of a stream say that it ends. */
const frame = { headerBytes: 9, headersType: 1, endStream: 1 } as const;

/** Resolves when the server has sent the end of a response. */
function http2Answer(server: Socket): Promise<void> {
  let bytes = Buffer.alloc(0);
  return new Promise((resolve) => {
    server.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= frame.headerBytes) {
        const [type, flags] = [bytes[3]!, bytes[4]!];
        if (type === frame.headersType && (flags & frame.endStream) !== 0) return resolve();
        const frameBytes = frame.headerBytes + bytes.readUIntBE(0, 3);
        if (bytes.length < frameBytes) return undefined;
        bytes = bytes.subarray(frameBytes);
      }
      return undefined;
    });
  });
}
