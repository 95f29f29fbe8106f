// What every store must do. Run by each store's own test against a place of that store.
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { equal, exists, not } from "./query.ts";
import type { Key } from "./resource.ts";
import { BookmarkExpired, type Change, type Json, type Scope, type Store, VersionConflict } from "./store.ts";
import {
  draft,
  keyOf,
  kind,
  other,
  type Place,
  replay,
  type StoreSubject,
  short,
  take,
} from "./store-fixtures.conformance.ts";
import { outlivingConformance } from "./store-outliving.conformance.ts";
import { increment } from "./store-process.conformance.ts";

export function storeConformance(subject: StoreSubject): void {
  describe(`the ${subject.name} store`, () => {
    let place: Place;
    let store: Store;
    beforeEach(async () => {
      place = await subject.place();
      store = await place.open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    describe("writes by comparison", () => {
      test("what is absent is created, and read as it was written", async () => {
        const written = await store.put(
          draft(keyOf("a"), { deep: [1, null, "ü"] }, { rack: "r1" }),
          "absent",
        );
        expect(written).toEqual({
          metadata: {
            ...draft(keyOf("a"), {}, { rack: "r1" }).metadata,
            version: expect.any(BigInt) as bigint,
          },
          spec: { deep: [1, null, "ü"] },
        });
        expect(await store.get(keyOf("a"))).toEqual(written);
      });

      test("what is there is not created again", async () => {
        const { metadata } = await store.put(draft(keyOf("a")), "absent");
        const error: unknown = await store.put(draft(keyOf("a")), "absent").catch((error: unknown) => error);
        expect(error).toBeInstanceOf(VersionConflict);
        expect(error).toMatchObject({ expected: "absent", actual: metadata.version, key: keyOf("a") });
      });

      test("only the version that was expected is overwritten or removed", async () => {
        const first = await store.put(draft(keyOf("a"), 1), "absent");
        const second = await store.put(draft(keyOf("a"), 2), first.metadata.version);
        const late = { expected: first.metadata.version, actual: second.metadata.version };
        await expect(store.put(draft(keyOf("a"), 3), first.metadata.version)).rejects.toMatchObject(late);
        await expect(store.remove(keyOf("a"), first.metadata.version)).rejects.toMatchObject(late);
        expect((await store.get(keyOf("a")))?.spec).toBe(2);
        await store.remove(keyOf("a"), second.metadata.version);
        expect(await store.get(keyOf("a"))).toBeUndefined();
      });

      test("what is absent is neither overwritten nor removed", async () => {
        const absent = { expected: 7n, actual: "absent" };
        await expect(store.put(draft(keyOf("a")), 7n)).rejects.toMatchObject(absent);
        await expect(store.remove(keyOf("a"), 7n)).rejects.toMatchObject(absent);
      });

      test("versions only grow, and a resource made again gets a new one", async () => {
        const versions: bigint[] = [];
        for (let life = 0; life < 3; life++) {
          const born = await store.put(draft(keyOf("a"), life), "absent");
          const grown = await store.put(draft(keyOf("a"), "grown"), born.metadata.version);
          await store.remove(keyOf("a"), grown.metadata.version);
          versions.push(born.metadata.version, grown.metadata.version);
        }
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => (a < b ? -1 : 1)));
      });

      test("of many who create the same, one succeeds", async () => {
        const attempts = await Promise.allSettled(
          Array.from({ length: 50 }, (_, index) => store.put(draft(keyOf("a"), index), "absent")),
        );
        const won = attempts.filter((attempt) => attempt.status === "fulfilled");
        expect(won).toHaveLength(1);
        expect(await store.get(keyOf("a"))).toEqual(won[0]!.value);
        for (const attempt of attempts) {
          if (attempt.status === "rejected") expect(attempt.reason).toBeInstanceOf(VersionConflict);
        }
      });

      test("no increment is lost among many at once", async () => {
        await Promise.all(Array.from({ length: 40 }, () => increment(store, keyOf("counter"))));
        expect((await store.get(keyOf("counter")))?.spec).toBe(40);
      });

      test("a caller who changes what it wrote or read changes nothing in the store", async () => {
        const mine = { list: [1] };
        const written = await store.put(draft(keyOf("a"), mine), "absent");
        mine.list.push(2);
        expect((await store.get(keyOf("a")))?.spec).toEqual({ list: [1] });
        expect(() => (written.spec as { list: number[] }).list.push(3)).not.toThrow(RangeError);
        expect((await store.get(keyOf("a")))?.spec).toEqual({ list: [1] });
      });
    });

    describe("keeps", () => {
      test("any JSON, under any name", async () => {
        const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
        // JSON has no negative zero.
        const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
        const keys = fc.record({ namespace: text, type: text, id: text });
        await fc.assert(
          fc.asyncProperty(keys, json, fc.dictionary(text, text), async (key, spec, labels) => {
            const written = await store.put(draft(key, spec, labels), "absent");
            try {
              expect((await store.get(key))?.spec).toEqual(spec);
              expect((await store.get(key))?.metadata.labels).toEqual(labels);
              expect((await store.list(key)).documents).toEqual([written]);
            } finally {
              await store.remove(key, written.metadata.version);
            }
          }),
          { numRuns: 50 },
        );
      });

      test("names apart that look alike when joined", async () => {
        const keys: Key[] = [
          { namespace: "a", type: "b/c", id: "d" },
          { namespace: "a/b", type: "c", id: "d" },
          { namespace: "a", type: "b", id: "c/d" },
          { namespace: "a", type: "b", id: "c" },
          { namespace: "a", type: "b", id: "C" },
          { namespace: "a", type: "b", id: "c%" },
        ];
        for (const [index, key] of keys.entries()) await store.put(draft(key, index), "absent");
        for (const [index, key] of keys.entries()) expect((await store.get(key))?.spec).toBe(index);
        const { documents } = await store.list({ namespace: "a", type: "b" });
        expect(documents.map(({ metadata }) => metadata.id)).toEqual(["C", "c", "c%", "c/d"]);
      });

      test("moments to the millisecond", async () => {
        const { metadata, spec } = draft(keyOf("a"));
        const updated = new Date("2030-01-01T00:00:00.001Z");
        await store.put(
          { metadata: { ...metadata, updated, phase: "tearingDown", finalizers: ["b", "a"] }, spec },
          "absent",
        );
        const read = await store.get(keyOf("a"));
        expect(read?.metadata).toMatchObject({
          created: metadata.created,
          updated,
          phase: "tearingDown",
          finalizers: ["b", "a"],
        });
      });
    });

    describe("lists", () => {
      beforeEach(async () => {
        await store.put(draft(keyOf("b"), 1, { rack: "r1" }), "absent");
        await store.put(draft(keyOf("a"), 2, { rack: "r2", slots: "8" }), "absent");
        await store.put(draft(keyOf("c"), 3), "absent");
        await store.put(draft(keyOf("a", other), 4, { rack: "r1" }), "absent");
      });

      const lists: [string, Scope, Parameters<Store["list"]>[1], Json[]][] = [
        ["a kind, in the order of ids", kind, undefined, [2, 1, 3]],
        ["one resource", keyOf("b"), undefined, [1]],
        ["nothing, for one that is absent", keyOf("z"), undefined, []],
        ["nothing, for a kind that is empty", { namespace: "none", type: "None" }, undefined, []],
        ["by a label", kind, { labels: [equal("rack", "r1")] }, [1]],
        ["by a label's absence", kind, { labels: [not(exists("rack"))] }, [3]],
        ["by several terms", kind, { labels: [exists("rack"), not(equal("rack", "r1"))] }, [2]],
        ["by number", kind, { labels: [{ label: "slots", op: "ltNumeric", value: "10" }] }, [2]],
        ["by one of several groups", kind, { anyOf: [[equal("rack", "r2")], [equal("rack", "r1")]] }, [2, 1]],
        ["by a pattern of ids", kind, { id: /^[bc]$/ }, [1, 3]],
        ["one resource only if it is meant", keyOf("b"), { labels: [equal("rack", "r2")] }, []],
      ];
      test.each(lists)("%s", async (_, scope, query, specs) => {
        expect((await store.list(scope, query)).documents.map(({ spec }) => spec)).toEqual(specs);
      });

      test("by labels as they are now", async () => {
        const [document] = (await store.list(keyOf("b"))).documents;
        await store.put(draft(keyOf("b"), 5, { rack: "r9" }), document!.metadata.version);
        const by = async (rack: string) =>
          (await store.list(kind, { labels: [equal("rack", rack)] })).documents.length;
        expect([await by("r1"), await by("r9")]).toEqual([0, 1]);
      });
    });

    describe("watches", () => {
      test("every change in its order, with what was there before", async () => {
        const { bookmark } = await store.list(kind);
        const a = await store.put(draft(keyOf("a"), 1), "absent");
        const b = await store.put(draft(keyOf("b"), 2), "absent");
        await store.put(draft(keyOf("x", other)), "absent");
        const grown = await store.put(draft(keyOf("a"), 3), a.metadata.version);
        await store.remove(keyOf("b"), b.metadata.version);
        const changes = await take(store, kind, bookmark, 4);
        expect(changes).toEqual([
          { type: "created", document: a, bookmark: expect.any(String) as string },
          { type: "created", document: b, bookmark: expect.any(String) as string },
          { type: "updated", document: grown, old: a, bookmark: expect.any(String) as string },
          { type: "destroyed", document: b, bookmark: expect.any(String) as string },
        ]);
      });

      test("changes that come while it waits, from every watcher's view", async () => {
        const { bookmark } = await store.list(kind);
        const watchers = [1, 2, 3].map(() => take(store, kind, bookmark, 3));
        const one = take(store, keyOf("b"), bookmark, 1);
        for (const id of ["a", "b", "c"]) await store.put(draft(keyOf(id), id), "absent");
        for (const watcher of watchers) {
          expect((await watcher).map(short)).toEqual(['created a "a"', 'created b "b"', 'created c "c"']);
        }
        expect((await one).map(short)).toEqual(['created b "b"']);
      });

      test("on from any change's bookmark, missing nothing and telling nothing twice", async () => {
        const { bookmark } = await store.list(kind);
        for (let n = 0; n < 6; n++) await increment(store, keyOf(n % 2 ? "odd" : "even"));
        const all = await take(store, kind, bookmark, 6);
        for (const [index, { bookmark }] of all.slice(0, -1).entries()) {
          expect(await take(store, kind, bookmark, 5 - index)).toEqual(all.slice(index + 1));
        }
      });

      test("on from a list that was taken amid writes", async () => {
        const writes = Array.from({ length: 120 }, async (_, n) => {
          const key = keyOf(`k${n % 7}`);
          for (;;) {
            const current = await store.get(key);
            try {
              if (current && n % 5 === 0) return await store.remove(key, current.metadata.version);
              return void (await store.put(draft(key, n), current?.metadata.version ?? "absent"));
            } catch (error) {
              if (!(error instanceof VersionConflict)) throw error;
            }
          }
        });
        const early = await store.list(kind);
        await Promise.all(writes.slice(0, 40));
        const amid = await store.list(kind);
        await Promise.all(writes);
        const { metadata } = await store.put(draft(keyOf("last")), "absent");
        const final = replay((await store.list(kind)).documents, []);
        for (const { documents, bookmark } of [early, amid]) {
          const changes: Change[] = [];
          const stop = new AbortController();
          for await (const batch of store.watch(kind, bookmark, stop.signal)) {
            changes.push(...batch);
            if (batch.some(({ document }) => document.metadata.version === metadata.version)) stop.abort();
          }
          expect(replay(documents, changes)).toEqual(final);
        }
      });

      test("until it is told to stop, whether it waits or not", async () => {
        const { bookmark } = await store.list(kind);
        const stop = new AbortController();
        const waiting = Array.fromAsync(store.watch(kind, bookmark, stop.signal));
        await store.put(draft(keyOf("a")), "absent");
        stop.abort();
        expect((await waiting).flat().length).toBeLessThanOrEqual(1);
        expect(await Array.fromAsync(store.watch(kind, bookmark, AbortSignal.abort()))).toEqual([]);
      });

      test("as far as its reader wants, and no further", async () => {
        const { bookmark } = await store.list(kind);
        await store.put(draft(keyOf("a")), "absent");
        for await (const batch of store.watch(kind, bookmark, new AbortController().signal)) {
          expect(batch.map(short)).toEqual(["created a {}"]);
          break;
        }
      });

      test("nothing from a bookmark that is not the store's", async () => {
        for (const bookmark of ["", "nonsense", "1", "ffff.1", "-1"]) {
          await expect(take(store, kind, bookmark, 1), bookmark).rejects.toThrow(BookmarkExpired);
        }
      });

      test("nothing from a place that is forgotten, but on from a new list", async () => {
        const { bookmark } = await store.list(kind);
        for (let n = 0; n < 5; n++) await increment(store, keyOf("counter"));
        await place.forget();
        await expect(take(store, kind, bookmark, 1)).rejects.toThrow(BookmarkExpired);
        const again = await store.list(kind);
        expect(again.documents.map(({ spec }) => spec)).toEqual([5]);
        await increment(store, keyOf("counter"));
        expect((await take(store, kind, again.bookmark, 1)).map(short)).toEqual(["updated counter 6"]);
      });

      test("from as many changes ago as is asked, or as are kept", async () => {
        await increment(store, keyOf("a"));
        await increment(store, keyOf("b"));
        await increment(store, keyOf("x", other));
        await increment(store, keyOf("a"));
        const last = async (scope: Scope, changes: number, expected: number) =>
          (await take(store, scope, await store.rewind(scope, changes), expected)).map(short);
        expect(await last(kind, 2, 2)).toEqual(["created b 1", "updated a 2"]);
        expect(await last(kind, 99, 3)).toEqual(["created a 1", "created b 1", "updated a 2"]);
        expect(await last(keyOf("a"), 2, 2)).toEqual(["created a 1", "updated a 2"]);
        const now = await store.rewind(kind, 0);
        await increment(store, keyOf("b"));
        expect((await take(store, kind, now, 1)).map(short)).toEqual(["updated b 2"]);
      });
    });

    test("holds 10,000 resources", { timeout: 120_000 }, async () => {
      const { bookmark } = await store.list(kind);
      const ids = Array.from({ length: 10_000 }, (_, n) => `m-${String(n).padStart(5, "0")}`);
      await Promise.all(
        ids.map((id, n) => store.put(draft(keyOf(id), n, { rack: `r${n % 100}` }), "absent")),
      );
      const { documents } = await store.list(kind);
      expect(documents.map(({ metadata }) => metadata.id)).toEqual(ids);
      expect((await store.list(kind, { labels: [equal("rack", "r7")] })).documents).toHaveLength(100);
      const told = await take(store, kind, bookmark, 10_000);
      expect(told.map(({ document }) => document.metadata.id).sort()).toEqual(ids);
      const versions = told.map(({ document }) => document.metadata.version);
      expect(versions).toEqual([...versions].sort((a, b) => (a < b ? -1 : 1)));
    });
  });
  if (subject.persistent) outlivingConformance(subject);
}
