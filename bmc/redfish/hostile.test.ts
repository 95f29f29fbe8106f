// Whoever answers in the place of a BMC gets a clear error out of us, within its deadline, and nothing else.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  makeTestAuthority,
  type TestAuthority,
  type TestCertificate,
} from "../../workshop/test-certificates.ts";
import { systemClock } from "../system-clock.ts";
import { openRedfish } from "./open.ts";

let authority: TestAuthority;
let certificate: TestCertificate;
beforeAll(async () => {
  authority = await makeTestAuthority();
  certificate = await authority.issue("impostor");
});
afterAll(() => authority[Symbol.asyncDispose]());

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server[Symbol.asyncDispose]();
});

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push({
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  });
  return (server.address() as AddressInfo).port;
}

const tls = () => ({ cert: certificate.certificate, key: certificate.key });

const open = (port: number) =>
  openRedfish({
    clock: systemClock,
    host: "127.0.0.1",
    port,
    trust: { by: "authorities", pem: authority.certificate },
    user: "admin",
    password: "secret",
    connectMs: 2_000,
    requestMs: 1_000,
    mostBytes: 100_000,
    patience: { retryEveryMs: 10, changeForMs: 50, readForMs: 50, closeForMs: 1_000 },
  });

const bomb = gzipSync(Buffer.alloc(10 << 20));
const root = { "@odata.id": "/redfish/v1/", Systems: { "@odata.id": "/redfish/v1/Systems" } };
const json = (outgoing: ServerResponse, body: unknown) => outgoing.end(JSON.stringify(body));

/** An answer to every request: what is wrong with it, and what is said about that. */
test.each<[string, (outgoing: ServerResponse, incoming: IncomingMessage) => void, RegExp]>([
  ["a web page", (outgoing) => outgoing.end("<html>Log in</html>"), /it is not JSON/],
  ["another page not found", (outgoing) => outgoing.writeHead(404).end("<html>"), /Cannot GET .*\(404\)/],
  ["nothing for ever", () => {}, /did not finish its answer within 1 s/],
  ["headers and then nothing", (outgoing) => void outgoing.writeHead(200).write("{"), /did not finish/],
  [
    "a body without end",
    (outgoing) => {
      const more = () => {
        while (outgoing.write(Buffer.alloc(16_384, 0x20)));
        outgoing.once("drain", more);
      };
      more();
    },
    /over 100000 bytes/,
  ],
  [
    "less than it promised",
    (outgoing) =>
      void outgoing.writeHead(200, { "content-length": "500" }).write("{", () => outgoing.socket?.destroy()),
    /broke the connection off|aborted/,
  ],
  [
    "a bomb of zeros",
    (outgoing) => outgoing.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    /Cannot unpack/,
  ],
  [
    "a packing nobody knows",
    (outgoing) => outgoing.writeHead(200, { "content-encoding": "br" }).end("x"),
    /it is br/,
  ],
  ["a number", (outgoing) => json(outgoing, 7), /it is of type number, not an object/],
  ["a list", (outgoing) => json(outgoing, [root]), /it is a list, not an object/],
  [
    "a link of the wrong type",
    (outgoing) => json(outgoing, { Systems: "/redfish" }),
    /Systems: it is of type string, not a link/,
  ],
  [
    "a link to another host",
    (outgoing) => json(outgoing, { Systems: { "@odata.id": "https://192.0.2.1/" } }),
    /not a path of this service/,
  ],
  [
    "a redirect to another host",
    (outgoing) => outgoing.writeHead(302, { location: "https://192.0.2.1/redfish/v1/" }).end(),
    /that is another host/,
  ],
  [
    "redirects for ever",
    (outgoing) => outgoing.writeHead(302, { location: "/redfish/v1/" }).end(),
    /in circles/,
  ],
  ["that it is busy, for ever", (outgoing) => outgoing.writeHead(503).end(), /not available.*503/],
  ["a task for ever", (outgoing) => outgoing.writeHead(202, { location: "/t" }).end("{}"), /too long/],
  [
    "pages in circles",
    (outgoing, { url }) =>
      json(
        outgoing,
        url === "/redfish/v1/" ? root : { Members: [], "Members@odata.nextLink": "/redfish/v1/Systems" },
      ),
    /point in circles/,
  ],
  ["a nest of lists", (outgoing) => outgoing.end("[".repeat(90_000)), /it is not JSON/],
])("a service that answers %s", async (_, answer, message) => {
  const server = createServer(tls(), (incoming, outgoing) => answer(outgoing, incoming));
  const port = await listening(server);
  await expect(open(port)).rejects.toThrow(message);
});

test.each<[string, string, RegExp]>([
  ["something that is not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", /it is not HTTP/],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", /it is not HTTP/],
  ["a broken chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", /it is not HTTP/],
  ["headers without end", `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(20_000)}`, /it is not HTTP/],
])("a server that sends %s", async (_, bytes, message) => {
  const server = createTlsServer(tls(), (socket) => {
    socket.on("error", () => {});
    socket.write(bytes);
  });
  const port = await listening(server);
  await expect(open(port)).rejects.toThrow(message);
});

test("a port without TLS, and one where nobody listens", async () => {
  const plain = createTcpServer((socket) => socket.end("220 ready\r\n"));
  const port = await listening(plain);
  await expect(open(port)).rejects.toMatchObject({ kind: "noAnswer" });
  await opened.splice(0)[0]![Symbol.asyncDispose]();
  await expect(open(port)).rejects.toThrow(/nothing listens there/);
});
