// The listener for systems that are being installed: HTTP, because installers trust no authority of ours, or HTTPS with
// a certificate that they do trust. Our own system knows our authority, and is served by HTTPS on the same port. Whoever has no token learns nothing here.
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createDoor, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import type { AssetShelf } from "./asset-shelf.ts";
import { readInstallAddress } from "./install-addresses.ts";
import type { InstallDesk } from "./install-desk.ts";

export interface InstallsOptions {
  readonly desk: Pick<InstallDesk, "answer">;
  /** A file of the image that is installed. */
  readonly imageFile: AssetShelf["imageFile"];
  readonly listen: { readonly host: string; readonly port: number };
  /** One that installers trust: then nothing is served without it. */
  readonly tls?: Pem | undefined;
  /** Of our own authority, which our own system is told of when it boots: on the same port, beside plain HTTP. */
  readonly own: Pem;
  readonly log: (text: string) => void;
}

interface Pem {
  readonly certificate: string;
  readonly key: string;
}

type FileToSend = NonNullable<ReturnType<AssetShelf["imageFile"]>>;

export interface OpenInstalls extends AsyncDisposable {
  readonly port: number;
}

/** Some systems tell about themselves when they call home; it is heard and forgotten. */
const mostBodyBytes = 64 * 1024;
/** RFC 8446 §5.1: the type of the first record of every client; no HTTP method begins so. */
const tlsHandshake = 22;
const limits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
} as const;

export async function serveInstalls({
  desk,
  imageFile,
  listen,
  tls,
  own,
  log,
}: InstallsOptions): Promise<OpenInstalls> {
  const handle = (request: IncomingMessage, response: ServerResponse) => void respond(request, response);
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const asked = readInstallAddress(request.url ?? "/");
      const file = asked?.asks === "image" ? imageFile(asked.image, asked.file) : undefined;
      if (file && request.method === "GET") return await sendFile(file, response);
      const { status, type, text, allow } = await answer(desk, request, asked);
      const length = Buffer.byteLength(text);
      const headers = { "content-type": type, "content-length": length, "cache-control": "no-store" };
      response.writeHead(status, { ...headers, ...(allow && { allow }) });
      response.end(text);
    } catch (error) {
      log(`an installing system got no answer: ${String(error)}`);
      if (!response.headersSent) response.writeHead(503, { "retry-after": "5" });
      response.end();
    }
  };
  const { certificate: cert, key } = tls ?? own;
  const secured = createTlsServer({ ...limits, cert, key }, handle);
  const servers: readonly Server[] = tls ? [secured] : [secured, createServer(limits, handle)];
  const open = new Set<Socket>();
  const server = createDoor((socket) => {
    open.add(socket);
    socket.on("error", () => {}).once("close", () => open.delete(socket));
    socket.setTimeout(limits.headersTimeout, () => socket.destroy());
    socket.once("readable", () => {
      const first = socket.read(1) as Buffer | null;
      if (first === null) return;
      socket.setTimeout(0).removeAllListeners("timeout");
      socket.unshift(first);
      (first[0] === tlsHandshake ? secured : servers.at(-1)!).emit("connection", socket);
    });
  });
  server.maxConnections = 2_000;
  server.listen(listen.port, listen.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const one of servers) one.closeAllConnections();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function sendFile({ path, sizeBytes }: FileToSend, response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": sizeBytes });
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), response);
}

async function answer(
  desk: Pick<InstallDesk, "answer">,
  request: IncomingMessage,
  asked: ReturnType<typeof readInstallAddress>,
) {
  if (!asked || asked.asks === "image") return plain(404, "there is nothing here");
  // A question that is asked in advance must not use up the answer.
  const methods = asked.asks === "installed" ? ["POST", "PUT", "GET"] : ["GET"];
  if (!methods.includes(request.method ?? "")) return { ...plain(405, "not so"), allow: methods.join(", ") };
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > mostBodyBytes) return plain(413, "too much");
  }
  const from = request.socket.remoteAddress ?? "an unknown address";
  return { ...(await desk.answer(asked, from)), allow: undefined };
}

const plain = (status: number, text: string) =>
  ({ status, type: "text/plain", text: `${text}\n`, allow: undefined }) as const;
