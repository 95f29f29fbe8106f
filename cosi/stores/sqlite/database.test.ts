import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Journal, openDatabase } from "./database.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-database-"));
  path = join(folder, "store.db");
});
afterEach(() => rm(folder, { recursive: true }));

const value = (database: DatabaseSync, pragma: string) =>
  Object.values(database.prepare(`PRAGMA ${pragma}`).get()!)[0];

describe("a new file", () => {
  test("is for its owner only, journals included", async () => {
    const database = openDatabase(path);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      expect((await stat(file)).mode & 0o777, file).toBe(0o600);
    }
    database.close();
  });

  test("has a journal, which SQLite flushes only before it carries it over", async () => {
    const database = openDatabase(path);
    expect([value(database, "journal_mode"), value(database, "synchronous")]).toEqual(["wal", 1]);
    {
      await using journal = new Journal(path);
      await journal.flush();
      await journal.flush();
    }
    database.close();
  });
});

describe("refuses, and leaves as it was,", () => {
  async function refused(message: string): Promise<void> {
    const before = await readFile(path);
    expect(() => openDatabase(path)).toThrow(`Cannot open ${path}: ${message}`);
    expect(await readFile(path)).toEqual(before);
  }
  function ours(change: (database: DatabaseSync) => void): void {
    const database = openDatabase(path);
    change(database);
    database.close();
  }

  test("a file that is no database", async () => {
    await writeFile(path, "a letter to a friend, long enough to have a page\n".repeat(100));
    await refused("it is not an SQLite database");
  });

  test("the database of another program", async () => {
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE bookmarks (url TEXT)");
    other.close();
    await refused("it is the database of another program");
  });

  test("a schema of another release", async () => {
    ours((database) => database.exec("PRAGMA user_version = 99"));
    await refused(
      "its schema is version 99, and this program knows version 1: it was made by another release",
    );
  });

  test("a damaged file", async () => {
    ours((database) => {
      const insert = database.prepare(
        "INSERT INTO resource (kind, id, version, document) VALUES (1, ?, 1, ?)",
      );
      for (let n = 0; n < 500; n++) insert.run(`m-${n}`, "x".repeat(300));
    });
    const bytes = await readFile(path);
    bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 40_000);
    await writeFile(path, bytes);
    await refused("it is damaged");
  });

  test("a file that was cut short", async () => {
    ours((database) => {
      const insert = database.prepare(
        "INSERT INTO resource (kind, id, version, document) VALUES (1, ?, 1, ?)",
      );
      for (let n = 0; n < 500; n++) insert.run(`m-${n}`, "x".repeat(300));
    });
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, 60_000));
    await refused("it is damaged");
  });

  test("a place where no file can be", () => {
    expect(() => openDatabase(join(folder, "none", "store.db"))).toThrow(/^Cannot open .*: ENOENT/);
  });
});
