import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Draft } from "../../store.ts";
import { BookmarkExpired } from "../../store.ts";
import { systemClock } from "../../system-clock.ts";
import { backupDatabase, restoreDatabase } from "./backup.ts";
import { SqliteStore } from "./sqlite-store.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "backup-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (name: string) => new SqliteStore({ path: join(folder, name), clock: systemClock });
const kind = { namespace: "default", type: "Things.test" };
const now = new Date(0);
const thing = (id: string, spec: number): Draft => ({
  metadata: {
    ...kind,
    id,
    owner: "",
    phase: "running",
    finalizers: [],
    labels: { pair: id.slice(0, 1) },
    annotations: {},
    created: now,
    updated: now,
  },
  spec,
});

describe("a backup", () => {
  test("made while others write is of one moment", async () => {
    await using store = open("state");
    const stop = new AbortController();
    // Each pair is written in order: a backup never has the second without the first.
    const writing = (async () => {
      for (let pair = 0; !stop.signal.aborted; pair++) {
        await store.put(thing(`a${pair}`, pair), "absent");
        await store.put(thing(`b${pair}`, pair), "absent");
      }
    })();
    for (let copy = 0; copy < 5; copy++) {
      await backupDatabase(join(folder, "state"), join(folder, `copy${copy}`));
      await restoreDatabase(join(folder, `copy${copy}`), join(folder, `restored${copy}`));
      await using restored = open(`restored${copy}`);
      const ids = (await restored.list(kind)).documents.map(({ metadata }) => metadata.id);
      const first = ids.filter((id) => id.startsWith("a")).length;
      const second = ids.length - first;
      expect([0, 1]).toContain(first - second);
    }
    stop.abort();
    await writing;
  });

  test("restored goes on with versions that nobody has seen, and forgets bookmarks", async () => {
    await using store = open("state");
    await store.put(thing("a", 1), "absent");
    await backupDatabase(join(folder, "state"), join(folder, "copy"));
    const later = await store.put(thing("b", 2), "absent");
    const { bookmark } = await store.list(kind);
    await restoreDatabase(join(folder, "copy"), join(folder, "restored"));
    await using restored = open("restored");
    const again = await restored.put(thing("b", 3), "absent");
    expect(again.metadata.version).toBeGreaterThan(later.metadata.version);
    const changes = restored.watch(kind, bookmark, new AbortController().signal)[Symbol.asyncIterator]();
    await expect(changes.next()).rejects.toThrow(BookmarkExpired);
    const from = (await restored.list(kind)).bookmark;
    await restored.put(thing("c", 4), "absent");
    for await (const [change] of restored.watch(kind, from, new AbortController().signal)) {
      expect(change?.document.metadata.id).toBe("c");
      break;
    }
  });

  test("is for nobody else to read, and overwrites nothing", async () => {
    await using store = open("state");
    await store.put(thing("a", 1), "absent");
    await backupDatabase(join(folder, "state"), join(folder, "copy"));
    expect(statSync(join(folder, "copy")).mode & 0o777).toBe(0o600);
    await expect(backupDatabase(join(folder, "state"), join(folder, "copy"))).rejects.toThrow(
      "Cannot back up",
    );
    await expect(restoreDatabase(join(folder, "copy"), join(folder, "state"))).rejects.toThrow(
      "there is a state already",
    );
  });
});
