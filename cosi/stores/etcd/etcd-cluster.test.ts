import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
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
let store: Store;
let hurt: EtcdMember | undefined;
beforeAll(async () => {
  cluster = await startEtcd({ members: 3 });
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  hurt = undefined;
  // Calls that a hung member never answers end sooner than usual.
  store = await openEtcdStore({ endpoints: cluster.endpoints, clock: systemClock, callTimeoutMs: 2000 });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  hurt?.thaw();
  await hurt?.stop("SIGKILL");
  await hurt?.start();
});

const blows: [string, (member: EtcdMember) => Promise<void> | void][] = [
  ["killed", (member) => member.stop("SIGKILL")],
  ["shut down", (member) => member.stop("SIGTERM")],
  ["hung", (member) => member.freeze()],
];
// The first endpoint is the one in use.
test.each(blows)(
  "of three members, the one in use is %s: no write is lost or done twice",
  { timeout: 60_000 },
  async (how, blow) => {
    const { bookmark } = await store.list(kind);
    const writers = Array.from({ length: 4 }, async (_, lane) => {
      const id = `${how}-${lane}`;
      for (let n = 0; n < 50; n++) {
        await increment(store, { ...kind, id });
        if (n === 10 && lane === 0) {
          hurt = cluster.members[0]!;
          await blow(hurt);
        }
      }
      return counts(store, id, bookmark, 50);
    });
    for (const told of await Promise.all(writers)) expect(told).toEqual(oneTo(50));
  },
);
