import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type EtcdMember, type EtcdServer, startEtcd } from "../../../workshop/etcd-server.ts";
import type { Change, Store } from "../../store.ts";
import { increment } from "../../store-process.conformance.ts";
import { systemClock } from "../../system-clock.ts";
import { openEtcdStore } from "./etcd-store.ts";

const kind = { namespace: "test", type: "Counters.ingot.dev" };
const forever = new AbortController().signal;

/** Watches a counter until it stands at `last`. */
async function counts(store: Store, id: string, after: string, last: number): Promise<unknown[]> {
  const changes: Change[] = [];
  for await (const batch of store.watch({ ...kind, id }, after, forever)) {
    changes.push(...batch);
    if (changes.at(-1)!.document.spec === last) break;
  }
  return changes.map(({ document }) => document.spec);
}

const oneTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

test("one member, killed and started again: writes wait, watches go on", async () => {
  await using server = await startEtcd();
  await using store = await openEtcdStore({ endpoints: server.endpoints, clock: systemClock });
  await using watcher = await openEtcdStore({ endpoints: server.endpoints, clock: systemClock });
  const key = { ...kind, id: "one" };
  const { bookmark } = await watcher.list(kind);
  const watching = counts(watcher, "one", bookmark, 60);
  for (let n = 0; n < 20; n++) await increment(store, key);
  await server.members[0]!.stop("SIGKILL");
  const meanwhile = increment(store, key);
  await server.members[0]!.start();
  await meanwhile;
  while ((await increment(store, key)) < 60);
  expect(await watching).toEqual(oneTo(60));
});

test("an etcd that is gone is said to be so, to readers and writers alike", async () => {
  await using server = await startEtcd();
  await using store = await openEtcdStore({
    endpoints: server.endpoints,
    clock: systemClock,
    patienceMs: 500,
  });
  const key = { ...kind, id: "gone" };
  await server.members[0]!.stop("SIGKILL");
  for (const ask of [() => store.get(key), () => store.list(kind), () => store.remove(key, 1n)])
    await expect(ask()).rejects.toMatchObject({
      name: "StoreUnavailable",
      message: expect.stringMatching(/^Cannot .* etcd \(no endpoint .*\): its servers do not answer$/),
    });
});

test("an etcd that lost its data knows no bookmarks of before", async () => {
  await using first = await startEtcd();
  await using second = await startEtcd();
  await using before = await openEtcdStore({ endpoints: first.endpoints, clock: systemClock });
  await using after = await openEtcdStore({ endpoints: second.endpoints, clock: systemClock });
  for (let n = 0; n < 5; n++) await increment(before, { ...kind, id: "a" });
  const { bookmark } = await before.list(kind);
  await expect(Array.fromAsync(after.watch(kind, bookmark, forever))).rejects.toThrow("another history");
});

let cluster: EtcdServer;
let hurt: EtcdMember | undefined;
beforeAll(async () => {
  cluster = await startEtcd({ members: 3 });
});
afterAll(() => cluster[Symbol.asyncDispose]());
afterEach(async () => {
  hurt?.thaw();
  await hurt?.stop("SIGKILL");
  await hurt?.start();
  hurt = undefined;
});

/** The member that leads the others, as etcd's JSON gateway tells. */
async function leader(): Promise<EtcdMember> {
  for (const member of cluster.members) {
    const answer = await fetch(`${member.endpoint}/v3/maintenance/status`, { method: "POST", body: "{}" });
    const { header, leader } = (await answer.json()) as { header: { member_id: string }; leader: string };
    if (header.member_id === leader) return member;
  }
  throw new Error("Cannot find the leader: nobody says to be it");
}

const blows: [string, (member: EtcdMember) => Promise<void> | void][] = [
  ["killed", (member) => member.stop("SIGKILL")],
  ["shut down", (member) => member.stop("SIGTERM")],
  ["hung", (member) => member.freeze()],
];
test.each(blows)(
  "of three members, the one in use, which leads, is %s: writes happen once, watches go on",
  { timeout: 60_000 },
  async (how, blow) => {
    hurt = await leader();
    // The first endpoint is the one in use.
    const endpoints = [hurt.endpoint, ...cluster.endpoints.filter((endpoint) => endpoint !== hurt!.endpoint)];
    // Calls that a hung member never answers end sooner than usual.
    await using store = await openEtcdStore({ endpoints, clock: systemClock, callTimeoutMs: 2000 });
    const { bookmark } = await store.list(kind);
    const writers = Array.from({ length: 4 }, async (_, lane) => {
      const id = `${how}-${lane}`;
      const watching = counts(store, id, bookmark, 50);
      for (let n = 0; n < 50; n++) {
        await increment(store, { ...kind, id });
        if (n === 10 && lane === 0) await blow(hurt!);
      }
      return watching;
    });
    for (const told of await Promise.all(writers)) expect(told).toEqual(oneTo(50));
  },
);
