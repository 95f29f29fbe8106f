// What of the lab is on the host: three sockets in its folder, one to command it, one to its provisioner's API and one to
// its nodes. This opens the others as ports of this host alone, for browsers and the command lines.
import { once } from "node:events";
import { request } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

const folder = join(import.meta.dirname, "../out/qemu/lab");
export const controlSocket = join(folder, "control");
const usualPort = 8443;

/** Resolves to what the lab answers to one command; rejects with what it refuses. */
export function askLab(path: string, body = ""): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: controlSocket, path, method: "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.on("end", () => {
        const told = JSON.parse(text) as unknown;
        if (response.statusCode === 200) resolve(told);
        else reject(new Error(String(told)));
      });
    });
    asked.on("error", reject).end(body);
  });
}

export const labRuns = () =>
  askLab("/status").then(
    () => true,
    () => false,
  );

export interface Door extends Disposable {
  readonly port: number;
}

/** To the API on the usual port, or on any that is free. */
export const openApiDoor = () => openDoor("api", usualPort);
/** To the nodes, as an HTTP proxy. */
export const openNodeDoor = () => openDoor("nodes", 0);

async function openDoor(socket: string, wanted: number): Promise<Door> {
  const server = createServer((from) => {
    const to = connect(join(folder, socket));
    // Either end may go when it likes, and before the lab is up there is no other end.
    pipeline(from, to, from).catch(() => {});
  });
  await listen(server, wanted).catch(() => listen(server, 0));
  // It is no reason for this process to live.
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.dispose]: () => void server.close(),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}
