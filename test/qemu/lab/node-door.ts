// The way to the machine API of the lab's nodes from outside of its namespaces: an HTTP proxy on a socket of the file
// system, which connects to that one port of the lab's own network and to nothing else.
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { openSocketDoor } from "./socket-door.ts";

export interface NodeDoorOptions {
  readonly path: string;
  /** What the addresses of nodes begin with. */
  readonly network: string;
  readonly apiPort?: number;
}

export function openNodeDoor({ path, network, apiPort = 50_000 }: NodeDoorOptions): Promise<AsyncDisposable> {
  const server = createServer((_, response) => response.writeHead(405).end("CONNECT alone\n"));
  server.on("connect", ({ url = "" }, from: Socket) => {
    const [host = "", port] = url.split(":");
    if (!host.startsWith(network) || Number(port) !== apiPort) {
      from.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const to = connect(apiPort, host);
    to.once("connect", () => {
      from.write("HTTP/1.1 200 Connection established\r\n\r\n");
      // Either end may go when it likes; the other one goes with it.
      pipeline(from, to, from).catch(() => {});
    });
    to.once("error", () => from.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    from.once("close", () => to.destroy());
  });
  return openSocketDoor(server, path);
}
