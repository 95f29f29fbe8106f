// Redfish's network: HTTPS with connections kept open, every answer bounded in size and time.

import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect, type SecureContext } from "node:tls";
import { gunzipSync } from "node:zlib";
import type { Clock } from "../clock.ts";
import { RedfishError } from "./error.ts";
import type { Exchange, Request, Response } from "./exchange.ts";
import { distrust, fingerprintOf, secureContextOf, type Trust } from "./trust.ts";

export const httpsPort = 443;

export interface HttpsOptions {
  /** A name or an address. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly trust: Trust;
  readonly clock: Clock;
  /** Until TLS is there: a dead BMC costs this much. */
  readonly connectMs?: number | undefined;
  /** Until the last byte of an answer. iLO has been seen to think for 20 s. */
  readonly requestMs?: number | undefined;
  readonly mostBytes?: number | undefined;
  /** Told the SHA-256 of the certificate at every connection. */
  readonly onCertificate?: ((sha256: string) => void) | undefined;
}

export function httpsExchange(options: HttpsOptions): Exchange {
  const { host, port = httpsPort, clock, requestMs = 30_000, mostBytes = 8 << 20 } = options;
  const peer = `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const agent = new BmcAgent(options, peer);

  const once = (request: Request, signal: AbortSignal | undefined, retried = false): Promise<Response> =>
    new Promise((resolve, reject) => {
      const outgoing = httpsRequest({
        agent,
        host,
        port,
        path: request.path,
        method: request.method,
        headers: {
          accept: "application/json",
          "accept-encoding": "identity",
          ...request.headers,
          ...(request.body === undefined ? {} : { "content-length": Buffer.byteLength(request.body) }),
        },
      });
      let settled = false;
      const settle = () => {
        settled = true;
        deadline[Symbol.dispose]();
        signal?.removeEventListener("abort", abort);
      };
      const fail = (error: unknown) => {
        settle();
        outgoing.destroy();
        reject(failureOf(error, peer));
      };
      const abort = () => fail(signal!.reason);
      const deadline = clock.after(requestMs, () =>
        fail(noAnswer(peer, `it did not finish its answer within ${requestMs / 1000} s`)),
      );
      signal?.addEventListener("abort", abort, { once: true });
      outgoing.on("error", (error) => {
        if (settled) return;
        // The BMC closed an idle connection just as it was used again: nobody has seen the request.
        const isStale = outgoing.reusedSocket && "code" in error && error.code === "ECONNRESET";
        if (!isStale || retried || request.method === "POST") return fail(error);
        settle();
        resolve(once(request, signal, true));
      });
      outgoing.on("response", (incoming) => {
        collect(incoming, mostBytes, peer).then(resolve, fail).finally(settle);
      });
      outgoing.end(request.body);
    });

  return {
    peer,
    send: async (request, signal) => {
      signal?.throwIfAborted();
      return once(request, signal);
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
    },
  };
}

class BmcAgent extends Agent {
  #options: HttpsOptions;
  #peer: string;
  #secureContext: SecureContext;

  constructor(options: HttpsOptions, peer: string) {
    // A resumed session presents no certificate that could be looked at; and BMCs have few connections to give.
    super({ keepAlive: true, maxSockets: 2, maxCachedSessions: 0 });
    this.#options = options;
    this.#peer = peer;
    this.#secureContext = secureContextOf(options.trust);
  }

  override createConnection(
    _: RequestOptions,
    connected: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { host, port = httpsPort, trust, clock, connectMs = 5_000, onCertificate } = this.#options;
    const socket = connect({
      secureContext: this.#secureContext,
      host,
      port,
      ...(isIP(host) ? {} : { servername: host }),
      ALPNProtocols: ["http/1.1"],
      // Judged below, where the certificate that was presented can be told.
      rejectUnauthorized: false,
    });
    const deadline = clock.after(connectMs, () =>
      socket.destroy(noAnswer(this.#peer, `no connection within ${connectMs / 1000} s`)),
    );
    const fail = (error: Error) => {
      deadline[Symbol.dispose]();
      connected(error, socket);
    };
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      deadline[Symbol.dispose]();
      socket.off("error", fail);
      onCertificate?.(fingerprintOf(socket).toString("hex"));
      const error = distrust(trust, socket, this.#peer);
      if (!error) return connected(null, socket);
      socket.once("error", () => {});
      socket.destroy();
      connected(error, socket);
    });
    return undefined;
  }
}

async function collect(incoming: IncomingMessage, mostBytes: number, peer: string): Promise<Response> {
  const tooMuch = () =>
    new RedfishError({
      kind: "malformed",
      message: `Cannot read the answer of ${peer}: it is over ${mostBytes} bytes`,
    });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw tooMuch();
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
  return {
    status: incoming.statusCode ?? 0,
    headers,
    body: unpacked(body, headers["content-encoding"], mostBytes, peer),
  };
}

/** iLO 4 compresses large answers though nobody asked for it. */
function unpacked(body: Buffer, encoding: string | undefined, mostBytes: number, peer: string): Buffer {
  if (encoding === undefined || encoding === "identity" || body.length === 0) return body;
  try {
    if (encoding === "gzip") return gunzipSync(body, { maxOutputLength: mostBytes });
  } catch (cause) {
    throw new RedfishError({
      kind: "malformed",
      message: `Cannot unpack the answer of ${peer}: ${messageOf(cause)}`,
      cause,
    });
  }
  throw new RedfishError({
    kind: "malformed",
    message: `Cannot unpack the answer of ${peer}: it is ${encoding}`,
  });
}

const noAnswer = (peer: string, why: string, cause?: unknown) =>
  new RedfishError({ kind: "noAnswer", message: `Cannot reach ${peer}: ${why}`, cause });

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "it broke the connection off",
  EHOSTUNREACH: "there is no way to that address",
  ENETUNREACH: "there is no way to that network",
  ENOTFOUND: "its name does not resolve",
  EAI_AGAIN: "its name does not resolve at the moment",
  ETIMEDOUT: "it does not answer",
};

function failureOf(error: unknown, peer: string): unknown {
  if (error instanceof RedfishError || !(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  if (code.startsWith("HPE_"))
    return new RedfishError({
      kind: "malformed",
      message: `Cannot read the answer of ${peer}: it is not HTTP (${error.message})`,
      cause: error,
    });
  if (code.startsWith("ERR_SSL"))
    return noAnswer(peer, `TLS failed (${error.message.split("\n")[0]})`, error);
  return code === "" && error.name === "AbortError"
    ? error
    : noAnswer(peer, causes[code] ?? error.message, error);
}
