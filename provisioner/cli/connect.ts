// HTTPS to the provisioner, which is trusted by its authority: a file, a fingerprint, or those of the system.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { acceptOf, WebSocketBytes } from "../web-socket.ts";
import type { HttpResponse, Send } from "./api-client.ts";
import type { Connection } from "./command-io.ts";
import { CommandFailure } from "./exit-codes.ts";
import { usualStateDir } from "./serve-command.ts";

export interface ConnectOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<string>;
  readonly signal: AbortSignal;
}

/** A list of a hundred thousand machines takes a while. */
const answerWithinMs = 120_000;

export function connect(connection: Connection, options: ConnectOptions): Send {
  const { url, calling } = reached(connection, options);
  return async ({ method, path, headers, body }) => {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    try {
      const call = await calling(path, method, { ...headers, ...length });
      call.once("timeout", () => call.destroy(new Error("no answer in time")));
      call.end(body);
      const [response] = (await once(call, "response")) as [IncomingMessage];
      return answerOf(response, url);
    } catch (cause) {
      throw unreachable(url, cause);
    }
  };
}

/** A WebSocket of the API; the refusal as an answer, where there is none. */
export async function connectBytes(
  connection: Connection,
  path: string,
  options: ConnectOptions,
): Promise<WebSocketBytes | HttpResponse> {
  const { url, calling } = reached(connection, options);
  const key = randomBytes(16).toString("base64");
  try {
    const call = await calling(path, "GET", {
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
    });
    const answered = new AbortController();
    const refused = once(call, "response", { signal: answered.signal }) as Promise<[IncomingMessage]>;
    const opened = once(call, "upgrade", { signal: answered.signal }) as Promise<
      [IncomingMessage, Duplex, Buffer]
    >;
    call.end();
    const [response, socket, head] = await Promise.race([refused, opened]);
    answered.abort();
    await Promise.allSettled([refused, opened]);
    if (socket === undefined || head === undefined) return answerOf(response, url);
    if (response.headers["sec-websocket-accept"] !== acceptOf(key)) {
      socket.destroy();
      throw new Error("it answered another handshake");
    }
    (socket as Socket).setTimeout(0);
    return new WebSocketBytes(socket, { side: "client", head });
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

function reached(connection: Connection, { environment, readFile, signal }: ConnectOptions) {
  const { server, tokenFile, ca, fingerprint } = connection;
  const url = new URL(server);
  let trust: Promise<string | undefined> | undefined;
  const trusted = () =>
    (trust ??=
      ca !== undefined
        ? readFile(ca)
        : fingerprint === undefined
          ? ownAuthority(url, readFile)
          : pinned(url, fingerprint));
  const calling = async (path: string, method: string, headers: Readonly<Record<string, string>>) => {
    const token = tokenFile === undefined ? environment["INGOT_TOKEN"] : await readFile(tokenFile);
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token.trim()}` };
    return request(new URL(path, url), {
      method,
      headers: { ...headers, ...bearer },
      ca: await trusted(),
      signal,
      timeout: answerWithinMs,
    });
  };
  return { url, calling };
}

const answerOf = (response: IncomingMessage, url: URL): HttpResponse => ({
  status: response.statusCode!,
  text: async () => (await response.setEncoding("utf8").toArray()).join(""),
  lines: () => linesOf(response, url),
});

/** Not by readline: what breaks a stream after its reader has gone would be thrown at nobody, and end the process. */
async function* linesOf(response: IncomingMessage, url: URL): AsyncGenerator<string> {
  let begun = "";
  try {
    // A stream may be silent for long.
    for await (const piece of response.setTimeout(0).setEncoding("utf8") as AsyncIterable<string>) {
      const lines = (begun + piece).split(/\r?\n/);
      begun = lines.pop()!;
      yield* lines;
    }
  } catch (cause) {
    throw unreachable(url, cause);
  }
  if (begun !== "") yield begun;
}

function unreachable({ origin }: URL, cause: unknown): CommandFailure {
  if (cause instanceof CommandFailure) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CommandFailure("unreachable", `Cannot reach ${origin}: ${why}${hint(why)}`, { cause });
}

/** The provisioner of this host leaves its authority in its folder, for those who may read that. */
async function ownAuthority({ hostname }: URL, readFile: (path: string) => Promise<string>) {
  if (!["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return undefined;
  return readFile(join(usualStateDir, "ca.pem")).catch(() => undefined);
}

const hint = (why: string) =>
  /certificate|self.signed/i.test(why) ? "; give --ca or --fingerprint, as `ingot serve` prints it" : "";

/** The authority that the server shows, if it is the one of that fingerprint. Nothing else is said meanwhile. */
async function pinned({ hostname, port }: URL, fingerprint: string): Promise<string> {
  const wanted = fingerprint
    .replace(/^sha256:/, "")
    .replaceAll(":", "")
    .toLowerCase();
  const socket = connectTls({
    host: hostname.replaceAll(/[[\]]/g, ""),
    port: Number(port || 443),
    // Only its certificates are looked at; what is sent goes over a connection that is verified by them.
    rejectUnauthorized: false,
  });
  try {
    await once(socket, "secureConnect");
    for (let one = socket.getPeerX509Certificate(); one; one = one.issuerCertificate) {
      if (one.fingerprint256.replaceAll(":", "").toLowerCase() === wanted) return one.toString();
      if (one.issuerCertificate === one) break;
    }
  } finally {
    socket.destroy();
  }
  throw new CommandFailure("unreachable", `${hostname} does not have the authority sha256:${wanted}`);
}
