// A server on a socket of the file system, and whoever came through it: both are gone together.
import { once } from "node:events";
import type { Server, Socket } from "node:net";

export async function openSocketDoor(server: Server, path: string): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
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
