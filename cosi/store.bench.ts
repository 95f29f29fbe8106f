// `npm run bench -- store [--resources 100000] [--seconds 2] [--only memory,SQLite,etcd]`
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import type { BenchModule, Comparison } from "../workshop/bench.ts";
import { startEtcd } from "../workshop/etcd-server.ts";
import { equal } from "./query.ts";
import type { Kind, Version } from "./resource.ts";
import type { Draft, Store } from "./store.ts";
import { openEtcdStore } from "./stores/etcd/etcd-store.ts";
import { MemoryStore } from "./stores/memory.ts";
import { SqliteStore } from "./stores/sqlite/sqlite-store.ts";
import { systemClock } from "./system-clock.ts";

const watchers = 100;
const racks = 1000;
/** About what a machine's status weighs. */
const filling = "0123456789abcdef".repeat(24);

interface Figures {
  readonly writesAlone: number;
  readonly writesTogether: number;
  readonly fanOutMs: number;
  readonly listMs: number;
}

export const bench: BenchModule["bench"] = async ({ log, args }) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      resources: { type: "string", default: "100000" },
      seconds: { type: "string", default: "2" },
      only: { type: "string", default: "memory,SQLite,etcd" },
    },
  });
  const resources = Number(values.resources);
  const lapMs = Number(values.seconds) * 1000;
  const chosen = values.only.split(",");
  const folder = await mkdtemp(join(tmpdir(), "ingot-bench-"));
  const figures: Partial<Record<string, Figures>> = {};
  try {
    const plain = plainSqlite(join(folder, "plain.db"), resources, lapMs);
    log(`plain node:sqlite, one durable transaction a write: ${plain.writes.toFixed(0)} CAS writes/s`);
    log(`plain node:sqlite, scan of ${resources} rows by a label in JSON: ${plain.listMs.toFixed(2)} ms`);
    for (const name of chosen) {
      await using place = await openPlace(name, folder);
      const { store } = place;
      const figure = await measure(store, resources, lapMs);
      figures[name] = figure;
      log(`${name}: ${figure.writesAlone.toFixed(0)} CAS writes/s by one writer`);
      log(`${name}: ${figure.writesTogether.toFixed(0)} CAS writes/s by 100 writers`);
      log(
        `${name}: ${figure.fanOutMs.toFixed(2)} ms from a write to the last of ${watchers} watchers, median`,
      );
      log(
        `${name}: ${figure.listMs.toFixed(2)} ms to list ${resources / racks} of ${resources} resources by label`,
      );
    }
    return comparisons(figures, plain);
  } finally {
    await rm(folder, { recursive: true });
  }
};

function comparisons(
  figures: Partial<Record<string, Figures>>,
  plain: ReturnType<typeof plainSqlite>,
): Comparison[] {
  const { SQLite: sqlite, etcd } = figures;
  if (sqlite === undefined) return [];
  const against = (
    name: string,
    unit: string,
    better: Comparison["better"],
    ours: number,
    peer: number | undefined,
  ) => (peer === undefined ? [] : [{ name, unit, ours, peer, better }]);
  return [
    ...against("watch fan-out to 100, SQLite beside etcd", "ms", "lower", sqlite.fanOutMs, etcd?.fanOutMs),
    ...against(
      "CAS writes by one writer, SQLite beside etcd",
      "writes/s",
      "higher",
      sqlite.writesAlone,
      etcd?.writesAlone,
    ),
    ...against(
      "CAS writes by 100 writers, SQLite beside etcd",
      "writes/s",
      "higher",
      sqlite.writesTogether,
      etcd?.writesTogether,
    ),
    ...against(
      "list by label, SQLite beside a scan by plain node:sqlite",
      "ms",
      "lower",
      sqlite.listMs,
      plain.listMs,
    ),
    ...against(
      "durable CAS writes, SQLite beside plain node:sqlite",
      "writes/s",
      "higher",
      sqlite.writesTogether,
      plain.writes,
    ),
  ];
}

async function openPlace(name: string, folder: string): Promise<AsyncDisposable & { readonly store: Store }> {
  if (name === "etcd") {
    const server = await startEtcd();
    const store = await openEtcdStore({ endpoints: server.endpoints, clock: systemClock });
    const close = async () => {
      await store[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    };
    return { store, [Symbol.asyncDispose]: close };
  }
  const store =
    name === "SQLite"
      ? new SqliteStore({ path: join(folder, "store.db"), clock: systemClock })
      : new MemoryStore();
  return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

async function measure(store: Store, resources: number, lapMs: number): Promise<Figures> {
  const writesAlone = await casWrites(store, 1, lapMs);
  const writesTogether = await casWrites(store, 100, lapMs);
  const fanOutMs = await fanOut(store, 200);
  const listMs = await listByLabel(store, resources);
  return { writesAlone, writesTogether, fanOutMs, listMs };
}

async function casWrites(store: Store, writers: number, lapMs: number): Promise<number> {
  const kind: Kind = { namespace: "bench", type: `Writes${writers}` };
  const start = performance.now();
  const written = await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      let expected: Version | "absent" = "absent";
      for (let n = 0; ; n++) {
        if (performance.now() - start > lapMs) return n;
        ({ version: expected } = (await store.put(draft(kind, `w-${writer}`, n), expected)).metadata);
      }
    }),
  );
  return (written.reduce((sum, n) => sum + n, 0) / (performance.now() - start)) * 1000;
}

/** From the call of a write until the last watcher has been told, median. */
async function fanOut(store: Store, writes: number): Promise<number> {
  const kind: Kind = { namespace: "bench", type: "Watched" };
  const stop = new AbortController();
  const { bookmark } = await store.list(kind);
  let missing = 0;
  let all = Promise.withResolvers<void>();
  const watching = Array.from({ length: watchers }, async () => {
    for await (const changes of store.watch(kind, bookmark, stop.signal)) {
      missing -= changes.length;
      if (missing === 0) all.resolve();
    }
  });
  const tookMs: number[] = [];
  let expected: Version | "absent" = "absent";
  for (let n = 0; n < writes; n++) {
    missing = watchers;
    all = Promise.withResolvers();
    const start = performance.now();
    ({ version: expected } = (await store.put(draft(kind, "one", n), expected)).metadata);
    await all.promise;
    tookMs.push(performance.now() - start);
  }
  stop.abort();
  await Promise.all(watching);
  return median(tookMs);
}

async function listByLabel(store: Store, resources: number): Promise<number> {
  const kind: Kind = { namespace: "bench", type: "Listed" };
  let next = 0;
  const fill = async () => {
    for (let n = next++; n < resources; n = next++) await store.put(draft(kind, `m-${n}`, n), "absent");
  };
  await Promise.all(Array.from({ length: 500 }, fill));
  const tookMs: number[] = [];
  for (let lap = 0; lap < 20; lap++) {
    const start = performance.now();
    const { documents } = await store.list(kind, { labels: [equal("rack", `r${lap}`)] });
    tookMs.push(performance.now() - start);
    if (documents.length !== resources / racks) throw new Error(`listed ${documents.length}`);
  }
  return median(tookMs);
}

/** What one gets from node:sqlite with the same durability and no store around it. */
function plainSqlite(path: string, resources: number, lapMs: number): { writes: number; listMs: number } {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = full");
  database.exec("CREATE TABLE resource (id TEXT PRIMARY KEY, version INTEGER, document TEXT) STRICT");
  const insert = database.prepare("INSERT INTO resource VALUES (?, 1, ?)");
  const document = (n: number) => JSON.stringify(draft({ namespace: "bench", type: "Plain" }, `m-${n}`, n));
  database.exec("BEGIN");
  for (let n = 0; n < resources; n++) insert.run(`m-${n}`, document(n));
  database.exec("COMMIT");

  const update = database.prepare(
    "UPDATE resource SET version = version + 1, document = ? WHERE id = ? AND version = ?",
  );
  let writes = 0;
  const start = performance.now();
  for (; performance.now() - start < lapMs; writes++) update.run(document(writes), "m-0", writes + 1);
  const tookMs = performance.now() - start;

  const scan = database.prepare(
    "SELECT document FROM resource WHERE document ->> '$.metadata.labels.rack' = ?",
  );
  const listMs = [1, 2, 3, 4, 5].map((rack) => {
    const start = performance.now();
    scan.all(`r${rack}`).map((row) => JSON.parse(row["document"] as string) as unknown);
    return performance.now() - start;
  });
  database.close();
  return { writes: (writes / tookMs) * 1000, listMs: median(listMs) };
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

function draft({ namespace, type }: Kind, id: string, n: number): Draft {
  const moment = new Date(0);
  return {
    metadata: {
      ...{ namespace, type, id, owner: "Bench", phase: "running", finalizers: [], annotations: {} },
      ...{ labels: { rack: `r${n % racks}`, arch: "amd64" }, created: moment, updated: moment },
    },
    spec: { n, filling },
  };
}
