// The provisioner's API as a socket of the file system: the one way out of the lab's namespaces, and only for this host.
import { connect, createServer } from "node:net";
import { pipeline } from "node:stream/promises";
import { openSocketDoor } from "./socket-door.ts";

export function openApiSocket({
  path,
  url,
}: {
  readonly path: string;
  readonly url: string;
}): Promise<AsyncDisposable> {
  const { hostname, port } = new URL(url);
  const server = createServer((from) => {
    const to = connect(Number(port), hostname);
    // Either end may go when it likes; the other one goes with it.
    pipeline(from, to, from).catch(() => {});
  });
  return openSocketDoor(server, path);
}
