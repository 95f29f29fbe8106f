// `pxe trace`: the boots of a running pxe-server, live, as a person reads them. Over a unix socket, because a boot's
// id opens its files and must not be shown to the network.
import { once } from "node:events";
import { chmod, mkdir, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { dirname } from "node:path";

export interface Trace extends AsyncDisposable {
  write(line: string): void;
}

/** Somebody who reads slower than boots happen misses lines; boots do not wait. */
const maxWaitingBytes = 1 << 20;

export async function openTrace(path: string): Promise<Trace> {
  const readers = new Set<Socket>();
  const server = createServer((reader) => {
    readers.add(reader);
    reader.resume();
    reader.on("error", () => reader.destroy());
    reader.on("close", () => readers.delete(reader));
  });
  try {
    await mkdir(dirname(path), { recursive: true });
    if (await isServed(path)) throw new Error("another pxe-server has it");
    await rm(path, { force: true });
    server.listen(path);
    await once(server, "listening");
    await chmod(path, 0o600);
  } catch (cause) {
    server.close();
    throw new Error(`Cannot offer traces at ${path}`, { cause });
  }
  return {
    write: (line) => {
      for (const reader of readers) if (reader.writableLength < maxWaitingBytes) reader.write(`${line}\n`);
    },
    [Symbol.asyncDispose]: async () => {
      for (const reader of readers) reader.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

/** The lines of the pxe-server that offers traces there, until it ends. */
export async function* readTrace(path: string): AsyncGenerator<string> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
  } catch (cause) {
    throw new Error(`Cannot follow boots at ${path}: is the pxe-server running?`, { cause });
  }
  socket.setEncoding("utf8");
  let rest = "";
  for await (const text of socket) {
    const lines = `${rest}${String(text)}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** A file that a killed process left behind has nobody behind it. */
async function isServed(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
