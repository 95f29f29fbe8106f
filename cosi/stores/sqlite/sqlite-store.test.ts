import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sealedStoreConformance } from "../../sealed-store.conformance.ts";
import { storeConformance } from "../../store.conformance.ts";
import { draft, keyOf, kind } from "../../store-fixtures.conformance.ts";
import { openStore } from "./open-store.conformance.ts";

async function place() {
  const folder = await mkdtemp(join(tmpdir(), "ingot-store-"));
  const path = join(folder, "store.db");
  return {
    open: () => openStore(path),
    forget: async () => {
      await using store = await openStore(path);
      await store.forget();
    },
    elsewhere: { module: new URL("./open-store.conformance.ts", import.meta.url).href, argument: path },
    raw: async () => Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file)))),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

storeConformance({ name: "SQLite", persistent: true, place });
sealedStoreConformance("SQLite", place);

test("a journal that the power failure tore loses nothing acknowledged before the tear", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ingot-torn-"));
  try {
    const path = join(folder, "store.db");
    await using store = await openStore(path);
    const sizes: number[] = [];
    for (let n = 0; n < 30; n++) {
      await store.put(draft(keyOf(`m-${n}`), "x".repeat(n * 50)), "absent");
      sizes.push((await stat(`${path}-wal`)).size);
    }
    const [database, journal] = [await readFile(path), await readFile(`${path}-wal`)];

    const garbage = fc.uint8Array({ maxLength: 5000, size: "max" });
    let copies = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: sizes[0]!, max: journal.length }),
        garbage,
        async (tear, garbage) => {
          const copy = join(folder, `copy-${copies++}.db`);
          await writeFile(copy, database);
          await writeFile(`${copy}-wal`, Buffer.concat([journal.subarray(0, tear), garbage]));
          await using torn = await openStore(copy);
          const { documents } = await torn.list(kind);
          const acknowledged = sizes.filter((size) => size <= tear).length;
          expect(documents.length).toBeGreaterThanOrEqual(acknowledged);
          await torn.put(draft(keyOf("after"), "the tear"), "absent");
        },
      ),
      { numRuns: 20 },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
