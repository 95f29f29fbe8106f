import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";

/** Where lines go: a server on the network. */
export interface LineSink extends AsyncDisposable {
  /** Rejects when it is gone. */
  write(line: string): Promise<void>;
}

/** Opens `tcp://HOST:PORT` or `udp://HOST:PORT`. Rejects when nobody is there, as far as that can be known. */
export async function openLineSink(url: string, signal: AbortSignal): Promise<LineSink> {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return protocol === "udp:" ? openUdp(host, Number(port)) : openTcp(host, Number(port), signal);
}

async function openTcp(host: string, port: number, signal: AbortSignal): Promise<LineSink> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal });
  } catch (cause) {
    socket.destroy();
    throw cause;
  }
  // Whoever writes next is told.
  socket.on("error", () => {});
  return {
    write: (line) =>
      new Promise((resolve, reject) => {
        socket.write(line, (error) => (error ? reject(error) : resolve()));
      }),
    async [Symbol.asyncDispose]() {
      if (socket.destroyed) return;
      socket.destroySoon();
      await once(socket, "close");
    },
  };
}

async function openUdp(host: string, port: number): Promise<LineSink> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return {
    write: (line) =>
      new Promise((resolve, reject) => {
        socket.send(line, port, host, (error) => (error ? reject(error) : resolve()));
      }),
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}
