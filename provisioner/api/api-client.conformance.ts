// An API at work over real TLS, and a caller of it, for tests.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { createAuthority } from "../../pki/authority.ts";
import type { Role } from "../resources/roles.ts";
import { type ApiOptions, serveApi } from "./serve-api.ts";
import { makeToken } from "./tokens.ts";

export interface Call {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test looks into what it expects
  readonly json: any;
}

export async function openTestApi(options: Partial<ApiOptions> = {}) {
  const store = new MemoryStore();
  const state = new State({ store, clock: systemClock });
  const authority = await createAuthority({
    algorithm: "ecdsa-p256",
    clock: systemClock,
    commonName: "test",
  });
  const { certificate, key } = await authority.issue({
    commonName: "localhost",
    ipAddresses: ["127.0.0.1"],
    purposes: ["serverAuth"],
  });
  const said: string[] = [];
  const pressed: string[] = [];
  const api = await serveApi({
    state,
    store,
    clock: systemClock,
    listen: { host: "127.0.0.1", port: 0 },
    tls: { certificate: certificate.pem, key: key.pkcs8Pem },
    version: "0.0.0",
    hardware: {
      cycle: async (machine) => void pressed.push(`cycle ${machine}`),
      identify: async (machine, _, seconds) => void pressed.push(`identify ${machine} ${seconds}`),
    },
    openConsole: async () => ({ absent: "it has no console" }),
    segments: {
      authority: authority.certificate.pem,
      segmentIdentity: (segment) => authority.issue({ commonName: segment, purposes: ["clientAuth"] }),
    },
    logs: async (machine, lines) => `${machine} ${lines}\n`,
    metrics: () => "",
    log: (text) => said.push(text),
    ...options,
  });
  const ca = authority.certificate.pem;

  const open = async (path: string, { method = "GET", token, headers = {}, body }: Call = {}) => {
    const sent =
      body === undefined || typeof body === "string" || body instanceof Buffer ? body : JSON.stringify(body);
    const call = request({
      host: "127.0.0.1",
      port: api.port,
      path,
      method,
      ca,
      agent: false,
      headers: {
        ...(sent !== undefined && {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(sent),
        }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    call.end(sent);
    const [response] = (await once(call, "response")) as [IncomingMessage];
    return response;
  };
  const call = async (path: string, options: Call = {}): Promise<Reply> => {
    const response = await open(path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const isJson = response.headers["content-type"]?.includes("json") && text !== "";
    return {
      status: response.statusCode!,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  };
  const token = async (role: Role, scope?: Readonly<Record<string, string>>, expiresAt?: Date) =>
    (
      await makeToken(
        { state, clock: systemClock },
        { name: role, role, scope, expiresAt, createdBy: "test" },
      )
    ).text;
  return {
    state,
    store,
    port: api.port,
    ca,
    call,
    open,
    token,
    said,
    pressed,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

export type TestApi = Awaited<ReturnType<typeof openTestApi>>;
