// The way to the machine API of the lab's nodes from outside of its namespaces: an HTTP proxy on a socket of the file
// system, which connects to that one port of the lab's own network and to nothing else.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";

export interface NodeDoorOptions {
  readonly path: string;
  /** What the addresses of nodes begin with. */
  readonly network: string;
  readonly apiPort?: number;
}

export async function openNodeDoor({
  path,
  network,
  apiPort = 50_000,
}: NodeDoorOptions): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
  };
  const server = createServer((_, response) => response.writeHead(405).end("CONNECT alone\n"));
  server.on("connect", ({ url = "" }, from: Socket) => {
    keep(from);
    const [host = "", port] = url.split(":");
    if (!host.startsWith(network) || Number(port) !== apiPort) {
      from.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const to = connect(apiPort, host);
    keep(to);
    to.once("connect", () => {
      from.write("HTTP/1.1 200 Connection established\r\n\r\n");
      // Either end may go when it likes; the other one goes with it.
      pipeline(from, to, from).catch(() => {});
    });
    to.once("error", () => from.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  });
  server.on("connection", keep);
  server.listen(path);
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
