import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { VirtualClock } from "../../virtual-clock.ts";
import { openDatabase } from "./database.ts";
import { SqliteStore } from "./sqlite-store.ts";

let folder: string;
let path: string;
let clock: VirtualClock;
let store: SqliteStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-queue-"));
  path = join(folder, "store.db");
  clock = new VirtualClock();
  store = new SqliteStore({ path, clock, patienceMs: 1000 });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const kind = { namespace: "default", type: "Things.ingot.dev" };
const draft = (id: string) => {
  const moment = new Date(0);
  const bare = { owner: "", phase: "running", finalizers: [], labels: {}, annotations: {} } as const;
  return { metadata: { ...kind, id, ...bare, created: moment, updated: moment }, spec: {} };
};

/** Another program that writes, for as long as it likes. */
function otherWriter(): Disposable {
  const database = new DatabaseSync(path);
  database.exec("BEGIN IMMEDIATE");
  return {
    [Symbol.dispose]: () => {
      database.exec("COMMIT");
      database.close();
    },
  };
}

/** Lets the writes try, until there is nothing to do but wait. */
async function settle(): Promise<void> {
  while (clock.pending === 0) await setImmediate();
}

test("a write waits, asleep, until another process has written", async () => {
  const other = otherWriter();
  let done = false;
  const write = store.put(draft("a"), "absent").then(() => (done = true));
  await settle();
  await clock.advance(5);
  expect(done).toBe(false);
  other[Symbol.dispose]();
  await clock.advance(10);
  await write;
  expect((await store.list(kind)).documents).toHaveLength(1);
});

test("a write is refused when another process never stops writing", async () => {
  const other = otherWriter();
  const write = store.put(draft("a"), "absent");
  const refused = expect(write).rejects.toThrow(
    `Cannot write to ${path}: another process has been writing for 1 s`,
  );
  await settle();
  await clock.run();
  await refused;
  other[Symbol.dispose]();
  await store.put(draft("a"), "absent");
});

test("writes that come together are one transaction, and one that is refused does not stop the others", async () => {
  await store.put(draft("taken"), "absent");
  const outcomes = await Promise.allSettled(["a", "taken", "b"].map((id) => store.put(draft(id), "absent")));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((await store.list(kind)).documents.map(({ metadata }) => metadata.id)).toEqual(["a", "b", "taken"]);
});

test("a failure takes the whole transaction back, and the store goes on", async () => {
  const other = openDatabase(path);
  other.exec(
    "CREATE TRIGGER fail BEFORE INSERT ON resource WHEN new.id = 'bad' BEGIN SELECT raise(ABORT, 'no room'); END",
  );
  const outcomes = await Promise.allSettled(["a", "bad", "b"].map((id) => store.put(draft(id), "absent")));
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({
      status: "rejected",
      reason: { message: expect.stringContaining("no room") as string },
    });
  }
  expect((await store.list(kind)).documents).toEqual([]);
  other.exec("DROP TRIGGER fail");
  other.close();
  await store.put(draft("a"), "absent");
  expect((await store.list(kind)).documents).toHaveLength(1);
});

test("closing waits for what was written; after it nothing is written, read or watched", async () => {
  const { bookmark } = await store.list(kind);
  const watching = Array.fromAsync(store.watch(kind, bookmark, new AbortController().signal));
  const refused = expect(watching).rejects.toThrow(`Cannot read ${path}: it is closed`);
  const write = store.put(draft("a"), "absent");
  await store[Symbol.asyncDispose]();
  await write;
  await expect(store.put(draft("b"), "absent")).rejects.toThrow(`Cannot write to ${path}: it is closed`);
  await expect(store.get({ ...kind, id: "a" })).rejects.toThrow(`Cannot read ${path}: it is closed`);
  await refused;
});
