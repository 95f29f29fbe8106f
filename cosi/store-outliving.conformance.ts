// What every store must do that several processes can open, and that is still there when they are gone.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { randomFrom } from "../workshop/mutate.ts";
import { equal } from "./query.ts";
import { type Store, VersionConflict } from "./store.ts";
import {
  draft,
  keyOf,
  kind,
  type Place,
  type StoreSubject,
  short,
  take,
} from "./store-fixtures.conformance.ts";
import type { Acknowledged, Task } from "./store-process.conformance.ts";

export function outlivingConformance(subject: StoreSubject): void {
  describe(`the ${subject.name} store outlives its process`, () => {
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

    const children: ChildProcess[] = [];
    afterEach(() => {
      for (const child of children.splice(0)) child.kill("SIGKILL");
    });
    async function elsewhere(task: Task["task"]): Promise<ChildProcess> {
      const child = fork(fileURLToPath(new URL("./store-process.conformance.ts", import.meta.url)), {
        execArgv: [],
      });
      children.push(child);
      child.send({ ...place.elsewhere!, task } satisfies Task);
      return child;
    }

    test("with everything it held, its bookmarks, and versions that still grow", async () => {
      const { bookmark } = await store.list(kind);
      const before = await store.put(draft(keyOf("a"), "kept", { rack: "r1" }), "absent");
      await store.put(draft(keyOf("gone")), "absent");
      await store[Symbol.asyncDispose]();
      store = await place.open();
      expect(await store.get(keyOf("a"))).toEqual(before);
      expect((await store.list(kind, { labels: [equal("rack", "r1")] })).documents).toEqual([before]);
      expect((await take(store, kind, bookmark, 2)).map(short)).toEqual([
        'created a "kept"',
        "created gone {}",
      ]);
      const after = await store.put(draft(keyOf("b")), "absent");
      expect(after.metadata.version).toBeGreaterThan(before.metadata.version);
    });

    test("and tells one opener of what another writes", async () => {
      await using second = await place.open();
      const { bookmark } = await store.list(kind);
      const watching = take(store, kind, bookmark, 2);
      const written = await second.put(draft(keyOf("a"), 1), "absent");
      await second.put(draft(keyOf("a"), 2), written.metadata.version);
      expect((await watching).map(short)).toEqual(["created a 1", "updated a 2"]);
      await expect(store.put(draft(keyOf("a"), 3), written.metadata.version)).rejects.toThrow(
        VersionConflict,
      );
    });

    test("and loses no increment among several processes", { timeout: 120_000 }, async () => {
      const { bookmark } = await store.list(kind);
      const processes = await Promise.all(
        [1, 2, 3].map(() => elsewhere({ do: "increment", times: 50, key: keyOf("counter") })),
      );
      const codes = await Promise.all(
        processes.map(async (child) => (await once(child, "exit")) as [number | null]),
      );
      expect(codes.map(([code]) => code)).toEqual([0, 0, 0]);
      expect((await store.get(keyOf("counter")))?.spec).toBe(150);
      const counts = (await take(store, kind, bookmark, 150)).map(({ document }) => document.spec);
      expect(counts).toEqual(Array.from({ length: 150 }, (_, n) => n + 1));
    });

    test("and has everything it acknowledged when its writer is killed at any moment", {
      timeout: 120_000,
    }, async () => {
      const { bookmark } = await store.list(kind);
      const random = randomFrom(20_260_102);
      const acknowledged = new Map<string, number>();
      let total = 0;
      for (let round = 0; round < 6; round++) {
        const writer = await elsewhere({ do: "write", lanes: 4, ...kind });
        const enough = total + 1 + Math.floor(random() * 80);
        writer.on("message", ({ id, n }: Acknowledged) => {
          acknowledged.set(id, n);
          if (++total === enough) writer.kill("SIGKILL");
        });
        // By then, everything that was sent before the kill has been received.
        const [[, signal]] = await Promise.all([once(writer, "exit"), once(writer, "disconnect")]);
        expect(signal).toBe("SIGKILL");
        await using after = await place.open();
        for (const [id, n] of acknowledged) {
          expect((await after.get(keyOf(id)))?.spec, `${id} in round ${round}`).toBeGreaterThanOrEqual(n);
        }
      }
      const { documents } = await store.list(kind);
      const history = await take(
        store,
        kind,
        bookmark,
        documents.reduce((sum, { spec }) => sum + (spec as number), 0),
      );
      for (const { metadata, spec } of documents) {
        const counts = history
          .filter(({ document }) => document.metadata.id === metadata.id)
          .map(({ document }) => document.spec);
        expect(counts).toEqual(Array.from({ length: spec as number }, (_, n) => n + 1));
      }
    });
  });
}
