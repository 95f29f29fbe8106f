import { once } from "node:events";
import { request } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EtcdServer, startEtcd } from "../../../workshop/etcd-server.ts";
import {
  makeTestAuthority,
  type TestAuthority,
  type TestCertificate,
} from "../../../workshop/test-certificates.ts";
import type { Draft, Json } from "../../store.ts";
import { systemClock } from "../../system-clock.ts";
import { type EtcdStoreOptions, openEtcdStore } from "./etcd-store.ts";

const kind = { namespace: "test", type: "Things.ingot.dev" };

function draft(id: string, spec: Json): Draft {
  const bare = { owner: "", phase: "running", finalizers: [], labels: {}, annotations: {} } as const;
  return { metadata: { ...kind, id, ...bare, created: new Date(0), updated: new Date(0) }, spec };
}

let authority: TestAuthority;
let ours: TestCertificate;
let server: EtcdServer;
beforeAll(async () => {
  authority = await makeTestAuthority();
  const its = await authority.issue("etcd");
  ours = await authority.issue("ingot");
  server = await startEtcd({
    tls: { ca: authority.certificateFile, cert: its.certificateFile, key: its.keyFile },
  });
  await requirePasswords();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
});

/** etcd's users may do what is theirs below /ingot/. */
async function requirePasswords(): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const perm = { permType: "READWRITE", key: base64("/ingot/"), range_end: base64("/ingot0") };
  await call("user/add", { name: "root", password: "root-password" });
  await call("role/add", { name: "root" });
  await call("user/grant", { user: "root", role: "root" });
  await call("user/add", { name: "ingot", password: "right" });
  await call("role/add", { name: "ingot" });
  await call("role/grant", { name: "ingot", perm });
  await call("user/grant", { user: "ingot", role: "ingot" });
  await call("enable", {});
}

/** By etcd's JSON gateway, which has nothing to do with our client. */
async function call(path: string, body: object): Promise<void> {
  const { certificate: ca } = authority;
  const asking = request(`${server.endpoints[0]}/v3/auth/${path}`, {
    method: "POST",
    ca,
    cert: ours.certificate,
    key: ours.key,
  });
  asking.end(JSON.stringify(body));
  const [answer] = (await once(asking, "response")) as [NodeJS.ReadableStream & { statusCode: number }];
  const text = (await Array.fromAsync(answer)).join("");
  expect(answer.statusCode, `${path}: ${text}`).toBe(200);
}

const identity = () => ({ certificate: ours.certificate, key: ours.key });
const login = { user: "ingot", password: "right" };

const open = (options: Partial<EtcdStoreOptions> = {}) =>
  openEtcdStore({
    endpoints: server.endpoints,
    tls: { authorities: authority.certificate, identity: identity() },
    login,
    clock: systemClock,
    patienceMs: 5000,
    ...options,
  });

test("with a certificate and a password everything is as without", async () => {
  await using store = await open();
  const { bookmark } = await store.list(kind);
  const { metadata } = await store.put(draft("a", 1), "absent");
  await store.put(draft("a", 2), metadata.version);
  for await (const [change] of store.watch(kind, bookmark, new AbortController().signal)) {
    expect(change?.document.spec).toBe(1);
    break;
  }
  expect((await store.get({ ...kind, id: "a" }))?.spec).toBe(2);
});

test("a token that etcd has forgotten is replaced without a word, for writes, reads and watches", async () => {
  await using store = await open({ patienceMs: 15_000 });
  const { bookmark } = await store.list(kind);
  const stop = new AbortController();
  const told: Json[] = [];
  const watching = (async () => {
    for await (const changes of store.watch(kind, bookmark, stop.signal)) {
      told.push(...changes.map(({ document }) => document.spec));
      if (told.at(-1) === "after") stop.abort();
    }
  })();
  await store.put(draft("token", "before"), "absent");
  // etcd keeps its tokens in memory.
  await server.members[0]!.stop("SIGTERM");
  await server.members[0]!.start();
  await store.put(draft("token-2", "after"), "absent");
  expect((await store.get({ ...kind, id: "token-2" }))?.spec).toBe("after");
  await watching;
  expect(told).toEqual(["before", "after"]);
});

const refused: [string, () => Partial<EtcdStoreOptions>, RegExp][] = [
  ["a wrong password", () => ({ login: { ...login, password: "wrong" } }), /authentication failed/],
  ["another prefix than the user's", () => ({ prefix: "/other" }), /permission denied/],
  [
    "no certificate",
    () => ({ tls: { authorities: authority.certificate }, patienceMs: 500 }),
    /no endpoint of etcd can be connected/,
  ],
  [
    "a server of another authority",
    () => ({ tls: { authorities: ours.certificate, identity: identity() }, patienceMs: 500 }),
    /no endpoint of etcd can be connected: 127.0.0.1:\d+ .*certificate/,
  ],
];
test.each(refused)("%s is refused", async (_, options, message) => {
  await expect(open(options())).rejects.toThrow(message);
});

test("an endpoint is https with an authority, or http", async () => {
  const at = (url: string) => openEtcdStore({ endpoints: [url], clock: systemClock });
  await expect(at("https://127.0.0.1:1")).rejects.toThrow("needs the authority that signed its certificate");
  await expect(at("ftp://127.0.0.1:1")).rejects.toThrow("is neither https:// nor http://");
});
