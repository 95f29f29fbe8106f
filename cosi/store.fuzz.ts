// `npm run fuzz -- store --runs 1000`: random histories, after each of which memory and SQLite must tell the same.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import type { FuzzModule } from "../workshop/fuzz.ts";
import type { LabelTerm, Query } from "./query.ts";
import type { Key, Kind } from "./resource.ts";
import { type Change, type Draft, type Json, type Store, VersionConflict } from "./store.ts";
import { MemoryStore } from "./stores/memory.ts";
import { SqliteStore } from "./stores/sqlite/sqlite-store.ts";
import { systemClock } from "./system-clock.ts";

type Step =
  | {
      readonly do: "put";
      readonly key: Key;
      readonly spec: Json;
      readonly labels: Record<string, string>;
      readonly expected: Guess;
    }
  | { readonly do: "remove"; readonly key: Key; readonly expected: Guess }
  | { readonly do: "list"; readonly scope: Kind | Key; readonly query: Query }
  | { readonly do: "rewind"; readonly scope: Kind | Key; readonly changes: number };

/** What a writer takes for granted: what is there, what was there before, or that nothing is. */
type Guess = "right" | "stale" | "absent";

const ids = fc.constantFrom("a", "b", "c", "d");
const kinds = fc.constantFrom("Left", "Right").map((type) => ({ namespace: "fuzz", type }));
const keys = fc.tuple(kinds, ids).map(([kind, id]) => ({ ...kind, id }));
const scopes = fc.oneof(kinds, keys);
const names = fc.constantFrom("rack", "zone", "slots");
const values = fc.constantFrom("", "1", "2", "10", "1 KiB", "x", "ü");
const specs = fc.oneof(fc.nat(3), fc.constant({ deep: [null, "ü"] })) as fc.Arbitrary<Json>;
const guesses = fc.constantFrom<Guess>("right", "right", "right", "stale", "absent");
const terms: fc.Arbitrary<LabelTerm> = fc
  .tuple(
    names,
    fc.boolean(),
    fc.oneof(
      fc.record({ op: fc.constantFrom("exists" as const, "notExists" as const) }),
      fc.record({
        op: fc.constantFrom(...(["equal", "lt", "lte", "ltNumeric", "lteNumeric"] as const)),
        value: values,
      }),
      fc.record({ op: fc.constant("in" as const), values: fc.array(values, { maxLength: 3 }) }),
    ),
  )
  .map(([label, invert, condition]) => ({ label, invert, ...condition }));
const queries: fc.Arbitrary<Query> = fc.record(
  {
    labels: fc.array(terms, { maxLength: 3 }),
    anyOf: fc.array(fc.array(terms, { maxLength: 2 }), { maxLength: 2 }),
    id: fc.constantFrom(/^[ab]$/, /c/, /d/g),
  },
  { requiredKeys: [] },
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      key: keys,
      spec: specs,
      labels: fc.dictionary(names, values, { noNullPrototype: true }),
      expected: guesses,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), key: keys, expected: guesses }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("list" as const), scope: scopes, query: queries }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("rewind" as const), scope: scopes, changes: fc.nat(5) }),
  },
);

export const fuzz: FuzzModule["fuzz"] = async ({ runs, seed }) => {
  const folder = await mkdtemp(join(tmpdir(), "ingot-fuzz-"));
  // One store each for all histories: both count their revisions alike, so that even versions must agree.
  const memory = new MemoryStore();
  const sqlite = new SqliteStore({
    path: join(folder, "store.db"),
    clock: systemClock,
    durability: "normal",
  });
  const history = fc.array(steps, { minLength: 1, maxLength: 60, size: "max" });
  try {
    await fc.assert(
      fc.asyncProperty(history, async (history) => {
        for (const [index, step] of history.entries()) {
          const [expected, actual] = [await outcome(memory, step), await outcome(sqlite, step)];
          if (!isDeepStrictEqual(actual, expected)) {
            throw new Error(`step ${index}: memory ${show(expected)}, SQLite ${show(actual)}`);
          }
        }
      }),
      { numRuns: runs, seed },
    );
  } finally {
    await sqlite[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
};

/** What a store answers, without what is its own: the life in its bookmarks. */
async function outcome(store: Store, step: Step): Promise<unknown> {
  try {
    switch (step.do) {
      case "put":
        return await store.put(draft(step), await guess(store, step.key, step.expected));
      case "remove": {
        const expected = await guess(store, step.key, step.expected);
        return await store.remove(step.key, expected === "absent" ? 1n : expected);
      }
      case "list": {
        const { documents, bookmark } = await store.list(step.scope, step.query);
        return { documents, place: place(bookmark) };
      }
      case "rewind": {
        const bookmark = await store.rewind(step.scope, step.changes);
        return { place: place(bookmark), changes: await waiting(store, step.scope, bookmark) };
      }
    }
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
    return { conflict: error.key.id, expected: error.expected, actual: error.actual };
  }
}

async function guess(store: Store, key: Key, kind: Guess) {
  const version = (await store.get(key))?.metadata.version ?? "absent";
  if (kind === "right" || version === "absent") return version;
  return kind === "stale" ? version - 1n : "absent";
}

/** The changes that are there already; a watch that has to wait ends. */
async function waiting(store: Store, scope: Kind | Key, bookmark: string): Promise<unknown[]> {
  const stop = new AbortController();
  const seen: unknown[] = [];
  const { documents } = await store.list(scope);
  const newest =
    documents
      .map(({ metadata }) => metadata.version)
      .sort((a, b) => (a < b ? -1 : 1))
      .at(-1) ?? 0n;
  if (newest <= place(bookmark)) return seen;
  for await (const changes of store.watch(scope, bookmark, stop.signal)) {
    seen.push(...changes.map((change: Change) => ({ ...change, bookmark: place(change.bookmark) })));
    if (changes.some(({ document }) => document.metadata.version === newest)) stop.abort();
  }
  return seen;
}

const place = (bookmark: string) => BigInt(bookmark.split(".")[1]!);

function draft({ key, spec, labels }: Extract<Step, { do: "put" }>): Draft {
  const moment = new Date(0);
  return {
    metadata: {
      ...key,
      ...{ owner: "", phase: "running", finalizers: [], labels, annotations: {} },
      ...{ created: moment, updated: moment },
    },
    spec,
  };
}

const show = (value: unknown) =>
  JSON.stringify(value, (_, field: unknown) => (typeof field === "bigint" ? `${field}n` : field));
