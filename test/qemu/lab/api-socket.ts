// The provisioner's API as a socket of the file system: the one way out of the lab's namespaces, and only for this host.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";

export async function openApiSocket({
  path,
  url,
}: {
  readonly path: string;
  readonly url: string;
}): Promise<AsyncDisposable> {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(Number(port), hostname);
    for (const socket of [from, to]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    }
    // Either end may go when it likes; the other one goes with it.
    pipeline(from, to, from).catch(() => {});
  });
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
