// The provisioner's API: HTTPS, one table of routes, and in front of every route the same few questions: who are you,
// may you, is it well-formed, have you asked too often.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { stringify } from "yaml";
import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import type { Store } from "../../cosi/store.ts";
import { Audit } from "./audit.ts";
import { bodyAs, parseBody, readBody, usualMostBytes } from "./body.ts";
import { catalog } from "./catalog.ts";
import {
  type ConsoleDoorOptions,
  carry,
  consoleOf,
  consoleRoute,
  type OpenConsole,
  openDoor,
} from "./console-door.ts";
import { docsPage } from "./docs-page.ts";
import { type EnrolOptions, enrolRoute } from "./enrol-route.ts";
import { Idempotency } from "./idempotency.ts";
import { importRoute } from "./import-route.ts";
import type { Hardware } from "./machine-actions.ts";
import { machineRoutes } from "./machine-routes.ts";
import { fleetMetrics } from "./metrics-page.ts";
import { openApi } from "./openapi.ts";
import { Problem } from "./problem.ts";
import { RateLimit } from "./rate-limit.ts";
import { Reader } from "./reader.ts";
import { resourceRoutes } from "./resource-routes.ts";
import { type Answer, type ApiRequest, matcher, type Route } from "./route.ts";
import { talosconfigRoute } from "./talosconfig-route.ts";
import { tokenRoutes } from "./token-routes.ts";
import { type Bearer, bearerOf, mayAct } from "./tokens.ts";
import { WatchStreams } from "./watch-stream.ts";

export interface ApiOptions {
  readonly state: State;
  /** The same, below the rules: lists are read from it as they are stored. */
  readonly store: Store;
  readonly clock: Clock;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: { readonly certificate: string; readonly key: string };
  readonly version: string;
  readonly hardware: Hardware;
  readonly openConsole: OpenConsole;
  readonly segments: EnrolOptions;
  readonly logs: (machine: string, lines: number) => Promise<string>;
  /** More of the metrics page: what others count. */
  readonly metrics: () => string;
  readonly log: (text: string) => void;
  readonly limits?: Limits;
}

interface Limits {
  readonly perSecond?: number;
  readonly burst?: number;
  readonly failuresPerMinute?: number;
  readonly mostStreamsOfOne?: number;
}

export interface Api extends AsyncDisposable {
  readonly port: number;
}

export async function serveApi(options: ApiOptions): Promise<Api> {
  const { listen, tls, clock, log } = options;
  const desk = new ApiDesk(options);
  const server = createServer(
    {
      cert: tls.certificate,
      key: tls.key,
      minVersion: "TLSv1.2",
      requestTimeout: 30_000,
      headersTimeout: 10_000,
    },
    (request, response) => {
      desk.answer(request, response).catch((error: unknown) => {
        log(`API: ${String(error)}`);
        response.destroy();
      });
    },
  );
  server.on("upgrade", (request, socket, head) => {
    desk.upgrade(request, socket, head).catch((error: unknown) => {
      log(`API: ${String(error)}`);
      socket.destroy();
    });
  });
  server.maxConnections = 4000;
  server.listen(listen.port, listen.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      desk.stop();
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      // Whoever takes no answer does not keep us.
      using _ = clock.after(graceMs, () => server.closeAllConnections());
      await closed;
    },
  };
}

const graceMs = 5_000;
const openly = { "/healthz": "live", "/readyz": "ready" } as const;
const noOne: Bearer = { token: "", name: "", role: "reader", scope: {} };

class ApiDesk {
  readonly #options: ApiOptions;
  readonly #match: ReturnType<typeof matcher>;
  readonly #audit: Audit;
  readonly #door: ConsoleDoorOptions;
  readonly #idempotency: Idempotency<Answer>;
  readonly #requests: RateLimit;
  readonly #failures: RateLimit;
  readonly #stop = new AbortController();

  constructor(options: ApiOptions) {
    this.#options = options;
    const { state, store, clock, hardware, logs, version, limits = {} } = options;
    const { perSecond = 100, burst = 400, failuresPerMinute = 20, mostStreamsOfOne = 50 } = limits;
    const reader = new Reader({ state, store });
    this.#door = { state, reader, openConsole: options.openConsole };
    const streams = new WatchStreams({ state, reader, clock, mostOfOne: mostStreamsOfOne });
    const routes: Route[] = [
      ...catalog.flatMap((kind) => resourceRoutes(kind, { state, reader, streams })),
      importRoute(state),
      enrolRoute(options.segments),
      consoleRoute,
      ...machineRoutes({ state, clock, reader, hardware, logs }),
      talosconfigRoute({ state, clock, reader }),
      ...tokenRoutes({ state, clock }),
      ...this.#ownRoutes(),
    ];
    const document = openApi(routes, version);
    const page = docsPage(routes, document);
    const described = (path: string, operation: string, about: string, answer: Answer): Route => ({
      method: "GET",
      path,
      role: "reader",
      operation,
      about,
      handle: async () => answer,
    });
    this.#match = matcher([
      ...routes,
      described("/api/openapi.json", "about.openapi", "This, for programs.", { body: document }),
      described("/api/docs", "about.docs", "This, for people.", {
        type: "text/html; charset=utf-8",
        text: page,
      }),
    ]);
    this.#audit = new Audit({ state, clock });
    this.#idempotency = new Idempotency(clock);
    this.#requests = new RateLimit({ clock, perSecond, burst });
    this.#failures = new RateLimit({ clock, perSecond: failuresPerMinute / 60, burst: failuresPerMinute });
  }

  stop(): void {
    this.#stop.abort();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = randomUUID();
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    for (const [name, value] of Object.entries(always)) response.setHeader(name, value);
    response.setHeader("x-request-id", id);
    try {
      const signal = AbortSignal.any([gone.signal, this.#stop.signal]);
      await send(response, await this.#handle(request, id, signal), formatOf(request));
    } catch (error) {
      const problem = Problem.from(error);
      if (problem.status === 500) this.#options.log(`API: request ${id}: ${String(problem.cause)}`);
      if (response.headersSent) return void response.destroy();
      for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
      response.writeHead(problem.status, { "content-type": "application/problem+json" });
      response.end(JSON.stringify(problem.toBody(id)));
    }
  }

  /** A console is the one thing that goes both ways. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): Promise<void> {
    const requestId = randomUUID();
    const url = new URL(request.url ?? "/", "https://here");
    const address = request.socket.remoteAddress ?? "unknown";
    const machine = consoleOf(url);
    const takeOver = url.searchParams.get("takeOver") === "true";
    const audit = { address, requestId, action: "machines.console", target: machine ?? "" };
    let who: Bearer | undefined;
    try {
      // What a browser sends along by itself is no token for this.
      who = await this.#bearer(tokenIn({ headers: request.headers, method: "POST" }), address);
      this.#requests.take(who.token);
      if (machine === undefined) throw new Problem(404, "there is nothing at this path");
      const stream = await openDoor(this.#door, machine, who, request, { takeOver });
      await this.#audit.write({ ...audit, who, outcome: { is: "done" } });
      await carry(stream, request, socket, head, this.#stop.signal);
    } catch (error) {
      const problem = Problem.from(error);
      if (who) await this.#audit.write({ ...audit, who, outcome: { is: "refused", why: problem.message } });
      const body = JSON.stringify(problem.toBody(requestId));
      const headers = Object.entries({
        ...always,
        ...problem.headers,
        "content-type": "application/problem+json",
        "content-length": String(Buffer.byteLength(body)),
        connection: "close",
      });
      socket.on("error", () => {});
      socket.end(
        [
          `HTTP/1.1 ${problem.status} Refused`,
          ...headers.map(([name, value]) => `${name}: ${value}`),
          "",
          body,
        ].join("\r\n"),
      );
    }
  }

  async #handle(request: IncomingMessage, id: string, signal: AbortSignal): Promise<Answer> {
    const url = new URL(request.url ?? "/", "https://here");
    const { method = "GET" } = request;
    const address = request.socket.remoteAddress ?? "unknown";
    // Whoever has no token learns nothing, not even which paths there are.
    const who = url.pathname in openly ? noOne : await this.#bearer(tokenIn(request), address);
    this.#requests.take(who.token || address);
    const matched = this.#match(method, url.pathname);
    if (matched === undefined) throw new Problem(404, "there is nothing at this path");
    if (matched === "method") throw new Problem(405, `${method} is not for this path`);
    const { route, params } = matched;
    const changes = method !== "GET";
    const work = async (): Promise<Answer> => {
      if (route.role !== "nobody" && !mayAct(who, route.role)) {
        throw new Problem(403, `this needs the role ${route.role}, and the token has ${who.role}`);
      }
      const header = (name: string) => request.headers[name] as string | undefined;
      const bytes = changes ? await readBody(request, route.mostBytes ?? usualMostBytes) : Buffer.alloc(0);
      const sent = parseBody(bytes, header("content-type"));
      const body = route.body === undefined ? undefined : bodyAs(route.body, sent);
      const asked: ApiRequest = { id, params, query: url.searchParams, header, body, who, address, signal };
      const key = header("idempotency-key");
      if (key === undefined || method !== "POST") return route.handle(asked);
      const fingerprint = [method, url.pathname, bytes];
      return this.#idempotency.once(who.token, key, fingerprint, () => route.handle(asked));
    };
    if (!changes) return work();
    const audited = { who, address, requestId: id, action: route.operation, target: params["id"] ?? "" };
    try {
      const answer = await work();
      await this.#audit.write({ ...audited, outcome: { is: "done" } });
      return answer;
    } catch (error) {
      const { status, message } = Problem.from(error);
      const is = status >= 500 ? "failed" : "refused";
      await this.#audit.write({ ...audited, outcome: { is, why: message } });
      throw error;
    }
  }

  async #bearer(text: string, address: string): Promise<Bearer> {
    const { state, clock } = this.#options;
    const wait = this.#failures.waitMs(address);
    try {
      return await bearerOf({ state, clock }, text);
    } catch (error) {
      // Only who guesses waits: others behind the same address go on.
      if (wait > 0) {
        throw new Problem(429, "too many tokens were wrong", {
          headers: { "retry-after": String(Math.ceil(wait / 1000)) },
          cause: error,
        });
      }
      this.#failures.take(address);
      // A browser may ask its user, for what can only be read.
      const headers = {
        "www-authenticate": 'Bearer realm="ingot", Basic realm="ingot: the token is the password"',
      };
      if (error instanceof Problem && error.status === 401) {
        throw new Problem(401, error.message, { headers, cause: error });
      }
      throw error;
    }
  }

  #ownRoutes(): Route[] {
    const { state, clock, store, metrics } = this.#options;
    return [
      {
        method: "GET",
        path: "/healthz",
        role: "nobody",
        operation: "health.live",
        about: "Whether the process answers.",
        handle: async () => ({ type: "text/plain", text: "ok\n" }),
      },
      {
        method: "GET",
        path: "/readyz",
        role: "nobody",
        operation: "health.ready",
        about: "Whether it has its state.",
        handle: async () => {
          try {
            await store.get({ namespace: "default", type: "Tokens.ingot.dev", id: "none" });
          } catch (cause) {
            throw new Problem(503, "the state cannot be read", { cause });
          }
          return { type: "text/plain", text: "ready\n" };
        },
      },
      {
        method: "GET",
        path: "/metrics",
        role: "reader",
        operation: "health.metrics",
        about: "For Prometheus.",
        handle: async () => ({
          type: "text/plain; version=0.0.4; charset=utf-8",
          text: (await fleetMetrics(state, clock)) + metrics(),
        }),
      },
    ];
  }
}

/** What a browser is told with everything: nothing here runs, is framed or is guessed to be something else. */
const always = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "strict-transport-security": "max-age=31536000",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
} as const;

function tokenIn({ headers, method }: Pick<IncomingMessage, "headers" | "method">): string {
  const [scheme = "", value = ""] = (headers.authorization ?? "").split(" ");
  if (scheme.toLowerCase() === "bearer") return value;
  // A browser sends this along by itself, also for another site's form: good for reading alone.
  if (scheme.toLowerCase() === "basic" && method === "GET") {
    return Buffer.from(value, "base64").toString().split(":").slice(1).join(":");
  }
  return "";
}

const formatOf = ({ headers }: IncomingMessage): "json" | "yaml" =>
  /^(application|text)\/(x-)?yaml/.test(headers.accept ?? "") ? "yaml" : "json";

async function send(response: ServerResponse, answer: Answer, format: "json" | "yaml"): Promise<void> {
  if ("stream" in answer) return answer.stream(response);
  if ("text" in answer) {
    response.writeHead(answer.status ?? 200, { "content-type": answer.type });
    return void response.end(answer.text);
  }
  const { status = 200, headers = {}, body } = answer;
  if (body === undefined) return void response.writeHead(status, headers).end();
  // Dates and absent fields as JSON has them, in YAML too.
  const text = JSON.stringify(body);
  const type = format === "yaml" ? "application/yaml" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(format === "yaml" ? stringify(JSON.parse(text)) : text);
}
