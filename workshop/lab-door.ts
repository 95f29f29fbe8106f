// What of the lab is on the host: two sockets in its folder, one to command it and one to its provisioner's API. This
// opens the second as a port of this host alone, for browsers and the command line.
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

export interface ApiDoor extends Disposable {
  readonly url: string;
}

/** On the usual port, or on any that is free. */
export async function openApiDoor(): Promise<ApiDoor> {
  const server = createServer((from) => {
    const to = connect(join(folder, "api"));
    // Either end may go when it likes, and before the lab is up there is no other end.
    pipeline(from, to, from).catch(() => {});
  });
  await listen(server, usualPort).catch(() => listen(server, 0));
  // It is no reason for this process to live.
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    [Symbol.dispose]: () => void server.close(),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}
