// What somebody would try who has no token, a bad one, or too many wishes.
import { once } from "node:events";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { Event } from "../resources/event.ts";
import { Machine } from "../resources/machine.ts";
import { openTestApi, type TestApi } from "./api-client.conformance.ts";

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi({
    limits: { failuresPerMinute: 60, mostStreamsOfOne: 2, burst: 50, perSecond: 0.001 },
  });
});
afterEach(() => api[Symbol.asyncDispose]());

describe("without a token", () => {
  test.each(["/healthz", "/readyz"])("%s is answered", async (path) => {
    expect((await api.call(path)).status).toBe(200);
  });

  test.each([
    "/",
    "/metrics",
    "/api/docs",
    "/api/openapi.json",
    "/api/v1/machines",
    "/api/v1/tokens",
    "/no/such/path",
    "/healthz/../api/v1/machines",
    "/healthz%2f..%2fmetrics",
  ])("%s is refused, and nobody learns whether it is there", async (path) => {
    const { status, text } = await api.call(path);
    expect(status).toBe(401);
    expect(text).not.toContain("nothing at this path");
  });
});

test("nothing but health is answered without a token, of all that there is", async () => {
  await using open = await openTestApi({ limits: { failuresPerMinute: 100_000, burst: 100_000 } });
  const { json } = await open.call("/api/openapi.json", { token: await open.token("reader") });
  const operations = Object.entries<Record<string, { security?: unknown[] }>>(json.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({ path, method, security })),
  );
  expect(operations.length).toBeGreaterThan(60);
  const answered: string[] = [];
  for (const { path, method } of operations) {
    const { status } = await open.call(path.replace("{id}", "m1"), { method: method.toUpperCase() });
    if (status !== 401) answered.push(`${method} ${path}: ${status}`);
  }
  expect(answered).toEqual(["get /healthz: 200", "get /readyz: 200"]);
  // And those alone say that they need none.
  expect(operations.filter(({ security }) => security?.length === 0).map(({ path }) => path)).toEqual([
    "/healthz",
    "/readyz",
  ]);
});

test("a reader changes nothing, of all that there is", async () => {
  await using open = await openTestApi({ limits: { failuresPerMinute: 100_000, burst: 100_000 } });
  const token = await open.token("reader");
  const { json } = await open.call("/api/openapi.json", { token });
  const changes = Object.entries<object>(json.paths).flatMap(([path, methods]) =>
    Object.keys(methods).flatMap((method) => (method === "get" ? [] : [{ path, method }])),
  );
  for (const { path, method } of changes) {
    const { status } = await open.call(path.replace("{id}", "m1"), {
      method: method.toUpperCase(),
      token,
      body: {},
    });
    expect(status, `${method} ${path}`).toBe(403);
  }
});

describe("a token", () => {
  test.each([
    ["made up", async () => `ingot_${"0".repeat(12)}_${"A".repeat(43)}`],
    [
      "of a known id with another secret",
      async () => `${(await api.token("admin")).slice(0, 19)}${"A".repeat(43)}`,
    ],
    ["that has expired", async () => api.token("admin", {}, new Date(0))],
    ["that is none", async () => "../../../etc/passwd"],
    ["with a line in it", async () => "ingot_ _"],
  ])("%s is refused", async (_, make) => {
    const { status, json } = await api.call("/api/v1/machines", { token: await make() });
    expect(status).toBe(401);
    expect(json.detail).toBe("the token is unknown, revoked or expired");
  });

  test("may be a browser's password, and then only reads", async () => {
    const basic = `Basic ${Buffer.from(`:${await api.token("admin")}`).toString("base64")}`;
    const headers = { authorization: basic };
    expect((await api.call("/api/docs", { headers })).status).toBe(200);
    const forged = await api.call("/api/v1/machines/m/actions/accept", { method: "POST", headers, body: {} });
    expect(forged.status).toBe(401);
  });

  test("that is guessed at for long is not even looked at, and a good one goes on", async () => {
    const good = await api.token("reader");
    const statuses = new Set<number>();
    for (let guess = 0; guess < 65; guess++) {
      statuses.add((await api.call("/api/v1/machines", { token: `ingot_${guess}` })).status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
    expect((await api.call("/api/v1/machines", { token: good })).status).toBe(200);
  });

  test("asks so often, and no more", async () => {
    const token = await api.token("reader");
    let last = await api.call("/api/v1/machines", { token });
    for (let count = 0; count < 50; count++) last = await api.call("/api/v1/machines", { token });
    expect(last.status).toBe(429);
    expect(Number(last.headers["retry-after"])).toBeGreaterThan(0);
  });
});

describe("a body", () => {
  const send = async (body: string | Buffer, headers: Readonly<Record<string, string>> = {}) =>
    api.call("/api/v1/machines", { method: "POST", token: await api.token("operator"), body, headers });

  test("that is too large is refused before it is read", async () => {
    expect((await send("x", { "content-length": "1" })).status).toBe(400);
    const reply = await send(Buffer.alloc(2_000_000, "x"));
    expect(reply.status).toBe(413);
  });

  test.each([
    ["no JSON", "{", "application/json", 400],
    ["of another kind", "<a/>", "application/xml", 415],
    ["no YAML", "a: [", "application/yaml", 400],
    ["YAML that grows to billions of items", billionLaughs(), "application/yaml", 400],
    ["a list", "[]", "application/json", 422],
    ["a prototype", '{"__proto__":{"role":"admin"},"identity":{"macs":[]}}', "application/json", 422],
  ])("that is %s is refused", async (_, body, type, status) => {
    expect((await send(body, { "content-type": type })).status).toBe(status);
  });
});

function billionLaughs(): string {
  const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"];
  for (let depth = 1; depth < 10; depth++) {
    const inner = Array.from({ length: 10 }, () => `*a${depth - 1}`).join(",");
    lines.push(`a${depth}: &a${depth} [${inner}]`);
  }
  return lines.join("\n");
}

test.each([
  "/api/v1/machines/..%2f..%2fetc%2fpasswd/logs",
  "/api/v1/machines/../../../etc/passwd",
  "/api/v1/machines/%00/logs",
  "/api/v1/machines/.hidden/logs",
])("%s reads no file", async (path) => {
  const { status } = await api.call(path, { token: await api.token("admin") });
  expect(status).toBe(404);
});

test("streams are opened so often, and no more; one that ends makes room", async () => {
  await using patient = await openTestApi({ limits: { mostStreamsOfOne: 2, burst: 100_000 } });
  const token = await patient.token("reader");
  const open = () => patient.open("/api/v1/machines", { token, headers: { accept: "text/event-stream" } });
  const [first, second] = [await open(), await open()];
  const third = await open();
  expect([first.statusCode, second.statusCode, third.statusCode]).toEqual([200, 200, 429]);
  third.resume();
  first.destroy();
  let again = await open();
  while (again.statusCode === 429) {
    again.resume();
    again = await open();
  }
  expect(again.statusCode).toBe(200);
  again.destroy();
  second.destroy();
});

test("a stream whose reader takes nothing is cut off, and what waits for it is dropped", async () => {
  const clock = new VirtualClock({ start: new Date() });
  await using watched = await openTestApi({ clock, limits: { mostStreamsOfOne: 1 } });
  const token = await watched.token("reader");
  const at = new Date();
  // More than the kernel keeps for somebody who does not read.
  for (let number = 0; number < 300; number++) {
    const spec = {
      at,
      firstAt: at,
      count: 1,
      severity: "info",
      kind: "stage",
      what: "x".repeat(100_000),
    } as const;
    await watched.state.create(Event, `e${number}`, { spec });
  }
  const open = () => watched.open("/api/v1/events", { token, headers: { accept: "text/event-stream" } });
  const deaf = await open();
  expect(deaf.statusCode).toBe(200);
  deaf.on("error", () => {});
  const cut = new Promise((resolve) => deaf.once("close", resolve));
  expect((await open()).resume().statusCode).toBe(429);
  let again = await open();
  while (again.statusCode === 429) {
    again.resume();
    await clock.advance(15_000);
    again = await open();
  }
  expect(again.statusCode).toBe(200);
  again.destroy();
  deaf.resume();
  await cut;
  expect(deaf.complete).toBe(false);
});

test("what a machine says of itself arrives as text, never as markup or control characters", async () => {
  const serial = "\u001b[2J<script>alert(1)</script>\u0000";
  await api.state.create(Machine, "m1", {
    spec: {
      identity: { serial, macs: ["52:54:00:00:00:01"] },
      admission: { is: "byRule" },
      wipeId: 1,
      retryId: 0,
      power: "automatic",
      boot: {},
    },
  });
  const { text, headers, json } = await api.call("/api/v1/machines/m1", { token: await api.token("reader") });
  expect(headers["content-type"]).toBe("application/json");
  expect(headers["x-content-type-options"]).toBe("nosniff");
  // oxlint-disable-next-line no-control-regex -- that there is none is what is tested
  expect(text).not.toMatch(/[\u0000-\u001f]/);
  expect(json.spec.identity.serial).toBe(serial);
});

test("a peer that is no HTTP client is hung up on", async () => {
  const socket = connect({
    host: "127.0.0.1",
    port: api.port,
    ca: api.ca,
    servername: "localhost",
    checkServerIdentity: () => undefined,
  });
  await once(socket, "secureConnect");
  socket.write("\u0000\u0001\u0002 nonsense\r\n\r\n");
  socket.resume();
  await once(socket, "close");
  expect((await api.call("/healthz")).status).toBe(200);
});
