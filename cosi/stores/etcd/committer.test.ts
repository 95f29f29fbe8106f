import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type EtcdServer, startEtcd } from "../../../workshop/etcd-server.ts";
import { startTcpProxy, type TcpProxy } from "../../../workshop/tcp-proxy.ts";
import type { Bookmark, Change, Draft, Json } from "../../store.ts";
import { systemClock } from "../../system-clock.ts";
import { type EtcdStore, openEtcdStore } from "./etcd-store.ts";
import { OutcomeUnknown } from "./outcome-unknown.ts";

const key = { namespace: "test", type: "Things.ingot.dev", id: "a" };

function draft(spec: Json): Draft {
  const bare = { owner: "", phase: "running", finalizers: [], labels: {}, annotations: {} } as const;
  return { metadata: { ...key, ...bare, created: new Date(0), updated: new Date(0) }, spec };
}

let server: EtcdServer;
beforeAll(async () => {
  server = await startEtcd();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Ours reaches etcd through a proxy that loses things; theirs reaches it directly. */
let proxy: TcpProxy;
let ours: EtcdStore;
let theirs: EtcdStore;
let start: Bookmark;

beforeEach(async () => {
  const prefix = `/${randomUUID()}`;
  proxy = await startTcpProxy(Number(new URL(server.endpoints[0]!).port));
  const options = { prefix, clock: systemClock, patienceMs: 10_000 };
  ours = await openEtcdStore({ ...options, endpoints: [`http://127.0.0.1:${proxy.port}`] });
  theirs = await openEtcdStore({ ...options, endpoints: server.endpoints });
  start = (await theirs.list(key)).bookmark;
});
afterEach(async () => {
  await ours[Symbol.asyncDispose]();
  await theirs[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

/** Waits until that many changes have happened, and tells them. */
async function changes(count: number): Promise<readonly string[]> {
  const seen: Change[] = [];
  for await (const batch of theirs.watch(key, start, new AbortController().signal)) {
    seen.push(...batch);
    if (seen.length >= count) break;
  }
  return seen.map(({ type, document }) => `${type} ${JSON.stringify(document.spec)}`);
}

/** All changes until now. */
async function allChanges(): Promise<readonly string[]> {
  const end = await theirs.put(
    { ...draft("end"), metadata: { ...draft("end").metadata, id: "end" } },
    "absent",
  );
  const seen: Change[] = [];
  const { namespace, type } = key;
  for await (const batch of theirs.watch({ namespace, type }, start, new AbortController().signal)) {
    seen.push(...batch);
    if (batch.some(({ document }) => document.metadata.version === end.metadata.version)) break;
  }
  return seen.slice(0, -1).map(({ type, document }) => `${type} ${JSON.stringify(document.spec)}`);
}

test("a creation whose answer is lost has happened once", async () => {
  proxy.holdAnswers();
  const writing = ours.put(draft(1), "absent");
  await changes(1);
  using _ = proxy.cut();
  const { metadata } = await writing;
  expect(metadata.version).toBe((await theirs.get(key))?.metadata.version);
  expect(await allChanges()).toEqual(["created 1"]);
});

test("a creation whose answer is lost, and which somebody has removed meanwhile, is not repeated", async () => {
  proxy.holdAnswers();
  const writing = ours.put(draft(1), "absent");
  await changes(1);
  const { metadata } = (await theirs.get(key))!;
  await theirs.remove(key, metadata.version);
  using _ = proxy.cut();
  expect((await writing).metadata.version).toBe(metadata.version);
  expect(await allChanges()).toEqual(["created 1", "destroyed 1"]);
});

test("an update whose answer is lost, and which somebody has overwritten meanwhile, has happened", async () => {
  const first = await ours.put(draft(1), "absent");
  proxy.holdAnswers();
  const writing = ours.put(draft(2), first.metadata.version);
  await changes(2);
  const second = (await theirs.get(key))!.metadata.version;
  await theirs.put(draft(3), second);
  using _ = proxy.cut();
  expect((await writing).metadata.version).toBe(second);
  expect(await allChanges()).toEqual(["created 1", "updated 2", "updated 3"]);
});

test("a removal whose answer is lost has happened, also when the same is there again", async () => {
  const first = await ours.put(draft(1), "absent");
  proxy.holdAnswers();
  const removing = ours.remove(key, first.metadata.version);
  await changes(2);
  await theirs.put(draft(1), "absent");
  using _ = proxy.cut();
  await removing;
  expect(await allChanges()).toEqual(["created 1", "destroyed 1", "created 1"]);
});

test("a removal whose request is lost did not happen when somebody else removed first", async () => {
  const first = await ours.put(draft(1), "absent");
  const held = proxy.holdRequests();
  const removing = ours.remove(key, first.metadata.version);
  await held;
  await theirs.remove(key, first.metadata.version);
  using _ = proxy.cut();
  await expect(removing).rejects.toMatchObject({ name: "VersionConflict", actual: "absent" });
});

test("a write whose request is lost is sent again", async () => {
  const held = proxy.holdRequests();
  const writing = ours.put(draft(1), "absent");
  await held;
  using _ = proxy.cut();
  await writing;
  expect(await allChanges()).toEqual(["created 1"]);
});

test("a request that reaches etcd long after it was given up changes nothing", async () => {
  const held = proxy.holdRequests();
  const writing = ours.put(draft(1), "absent");
  await held;
  using delayed = proxy.cut();
  const { metadata } = await writing;
  await ours.remove(key, metadata.version);
  // As far as the resource goes, nothing stands against its creation: it is absent, as that request expects.
  await delayed.deliver();
  expect(await allChanges()).toEqual(["created 1", "destroyed 1"]);
});

test("many writes whose answers are lost at once have each happened once", async () => {
  const drafts = Array.from({ length: 40 }, (_, n) => {
    const { metadata, spec } = draft(n);
    return { metadata: { ...metadata, id: `n-${n}` }, spec };
  });
  proxy.holdAnswers();
  const writing = drafts.map((one) => ours.put(one, "absent"));
  const { namespace, type } = key;
  let seen = 0;
  for await (const batch of theirs.watch({ namespace, type }, start, new AbortController().signal)) {
    seen += batch.length;
    if (seen === drafts.length) break;
  }
  using _ = proxy.cut();
  const written = await Promise.all(writing);
  const { documents } = await theirs.list({ namespace, type });
  expect(new Set(documents.map(({ metadata }) => metadata.version))).toEqual(
    new Set(written.map(({ metadata }) => metadata.version)),
  );
});

test("it is said when nobody can tell", async () => {
  await using own = await startEtcd();
  const way = await startTcpProxy(Number(new URL(own.endpoints[0]!).port));
  await using _ = way;
  await using store = await openEtcdStore({
    endpoints: [`http://127.0.0.1:${way.port}`],
    clock: systemClock,
    patienceMs: 500,
  });
  const held = way.holdRequests();
  const writing = store.put(draft(1), "absent");
  await held;
  await own.members[0]!.stop("SIGKILL");
  await expect(writing).rejects.toThrow(OutcomeUnknown);
});

test("what was never sent was not written", async () => {
  await using own = await startEtcd();
  await using store = await openEtcdStore({ endpoints: own.endpoints, clock: systemClock, patienceMs: 500 });
  await own.members[0]!.stop("SIGKILL");
  // The connection may have to break before it is known to be broken.
  await expect(store.put(draft(1), "absent")).rejects.toThrow();
  await expect(store.put(draft(1), "absent")).rejects.toThrow("no endpoint of etcd can be connected");
});
