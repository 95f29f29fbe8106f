import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { on } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { type EtcdServer, startEtcd } from "../../../workshop/etcd-server.ts";
import type { Clock } from "../../clock.ts";
import { makeKey, parseKeyRing } from "../../key-ring.ts";
import { resourceType } from "../../resource.ts";
import { SealedStore } from "../../sealed-store.ts";
import type { Change } from "../../store.ts";
import { systemClock } from "../../system-clock.ts";
import { MemoryStore } from "../memory.ts";
import { etcdLeadership } from "./election.ts";
import { type EtcdStore, openEtcdStore } from "./etcd-store.ts";
import { type Candidacy, draft, type News, written } from "./leader-process.conformance.ts";
import { LeadershipLost } from "./leadership-lost.ts";

const { type, namespace } = written;
const Numbers = resourceType({ type, namespace, spec: z.json() });

/** etcd grants no less. */
const ttlSeconds = 2;

let server: EtcdServer;
beforeAll(async () => {
  server = await startEtcd();
});
afterAll(() => server[Symbol.asyncDispose]());

const forever = new AbortController().signal;
const opened: AsyncDisposable[] = [];
const children: ChildProcess[] = [];
let prefix: string;

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const one of opened.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

async function open(clock: Clock = systemClock): Promise<EtcdStore> {
  const store = await openEtcdStore({ endpoints: server.endpoints, prefix, clock });
  opened.push(store);
  return store;
}

async function candidate(name: string, clock?: Clock) {
  const store = await open(clock);
  return { store, leadership: etcdLeadership(store, { candidate: name, ttlSeconds }) };
}

/** A candidate in a process of its own. */
function rival(name: string, seconds = ttlSeconds) {
  const child = fork(join(import.meta.dirname, "leader-process.conformance.ts"), { execArgv: [] });
  children.push(child);
  const messages = on(child, "message", { close: ["disconnect"] });
  child.send({
    candidate: name,
    endpoints: server.endpoints,
    prefix,
    ttlSeconds: seconds,
  } satisfies Candidacy);
  return {
    child,
    /** The next news of that kind. */
    news: async (kind: "leads" | "wrote" | "stopped"): Promise<News> => {
      // Not `for await`, which would close the messages to the next who asks.
      for (;;) {
        const { value, done } = (await messages.next()) as IteratorResult<[News], undefined>;
        if (done) throw new Error("Cannot hear more: the other process has ended");
        if (kind in value[0]) return value[0];
      }
    },
  };
}

/** All that was ever written, in order. */
async function history(store: EtcdStore, until: bigint): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for await (const batch of store.watch(written, await store.rewind(written, 100_000), forever)) {
    changes.push(...batch);
    if (changes.at(-1)!.document.metadata.version >= until) break;
  }
  return changes;
}

beforeEach(() => {
  prefix = `/${randomUUID()}`;
});

test("one leads, and the next when the first gives it back", async () => {
  const first = await candidate("first");
  const second = await candidate("second");
  const lease = await first.leadership.acquire("a", forever);
  let taken = false;
  const waiting = second.leadership.acquire("a", forever).then((lease) => {
    taken = true;
    return lease;
  });
  await using _ = await second.leadership.acquire("b", forever);
  expect(taken).toBe(false);
  await lease[Symbol.asyncDispose]();
  expect(lease.signal.aborted).toBe(true);
  await using next = await waiting;
  expect(next.signal.aborted).toBe(false);
});

test("who waits to lead can be told to stop", async () => {
  const { leadership } = await candidate("one");
  await using _ = await leadership.acquire("a", forever);
  const stop = new AbortController();
  const waiting = leadership.acquire("a", stop.signal);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(leadership.acquire("b", stop.signal)).rejects.toThrow("enough");
});

test("a leader keeps leading past its lease's time, and writes", async () => {
  const { store, leadership } = await candidate("one");
  await using lease = await leadership.acquire("a", forever);
  const { promise: later, resolve } = Promise.withResolvers<void>();
  using _ = systemClock.after(2 * ttlSeconds * 1000, resolve);
  await later;
  expect(lease.signal.aborted).toBe(false);
  await lease.fenced(store).put(draft(1), "absent");
});

test("a leader whose clock stands still cannot write once another leads", async () => {
  // As if suspended in the middle of a write: nothing here notices that time has passed.
  const stopped: Clock = {
    ...systemClock,
    elapsedMs: () => 0,
    after: () => ({ [Symbol.dispose]: () => {} }),
  };
  const suspended = await candidate("suspended", stopped);
  await using lease = await suspended.leadership.acquire("a", forever);
  const fenced = lease.fenced(suspended.store);
  const { metadata } = await fenced.put(draft("before"), "absent");

  const { leadership, store } = await candidate("successor");
  await using _ = await leadership.acquire("a", forever);
  expect(lease.signal.aborted).toBe(false);
  await expect(fenced.put(draft("after"), metadata.version)).rejects.toThrow(LeadershipLost);
  await expect(fenced.remove(metadata, metadata.version)).rejects.toThrow(LeadershipLost);
  await expect(fenced.put(draft("after"), 1n)).rejects.toThrow(LeadershipLost);
  expect((await store.get(written))?.spec).toBe("before");
});

test("a leader that hears nothing of etcd stops before another can lead", async () => {
  await using own = await startEtcd();
  await using store = await openEtcdStore({ endpoints: own.endpoints, clock: systemClock });
  await using lease = await etcdLeadership(store, { candidate: "a", ttlSeconds }).acquire("a", forever);
  own.members[0]!.freeze();
  await new Promise((resolve) => lease.signal.addEventListener("abort", resolve));
  await expect(lease.fenced(store).put(draft(1), "absent")).rejects.toThrow(LeadershipLost);
  own.members[0]!.thaw();
});

test("another process takes over within 10 s when the leader is killed", async () => {
  const store = await open();
  const usualSeconds = 5;
  const first = rival("first", usualSeconds);
  await first.news("wrote");
  const second = rival("second", usualSeconds);
  first.child.kill("SIGKILL");
  const killedMs = systemClock.elapsedMs();
  await second.news("wrote");
  expect(systemClock.elapsedMs() - killedMs).toBeLessThan(10_000);
  expect((await store.get(written))?.spec).toMatchObject({ candidate: "second" });
});

test("a process that was stopped wakes up unable to write", async () => {
  const store = await open();
  const first = rival("first");
  await first.news("wrote");
  first.child.kill("SIGSTOP");
  const second = rival("second");
  await second.news("wrote");
  first.child.kill("SIGCONT");
  expect(await first.news("stopped")).toEqual({ stopped: "LeadershipLost" });
  await second.news("wrote");

  const last = await store.get(written);
  const writers = (await history(store, last!.metadata.version)).map(
    ({ document }) => (document.spec as { candidate: string }).candidate,
  );
  expect(writers.slice(writers.indexOf("second"))).not.toContain("first");
});

test("a layer over a store in etcd is fenced through, whatever it is", async () => {
  const { store, leadership } = await candidate("one");
  const lease = await leadership.acquire("a", forever);
  const sealed = new SealedStore({ store, keys: parseKeyRing(makeKey()), types: [Numbers] });
  const fenced = lease.fenced(sealed);
  const { metadata } = await fenced.put(draft("before"), "absent");
  await lease[Symbol.asyncDispose]();
  await expect(fenced.put(draft("after"), metadata.version)).rejects.toThrow(LeadershipLost);
  expect((await sealed.get(written))?.spec).toBe("before");
});

test("a store that is not in etcd cannot be fenced", async () => {
  const { leadership } = await candidate("one");
  await using lease = await leadership.acquire("a", forever);
  expect(() => lease.fenced(new MemoryStore())).toThrow("Cannot fence");
});
