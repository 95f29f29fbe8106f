// The file: what it holds, how it is opened, and which files are refused.
import { closeSync, openSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import type { Checkpoints } from "./checkpoints.ts";

/**
 * In this mode a commit is flushed by whoever made it (Journal), beside the event loop instead of in it; SQLite
 * itself flushes only before it carries the journal into the database.
 */
const synchronous = "NORMAL";

/** `Ingt`: tells our files from those of other programs. */
const applicationId = 0x496e6774;
const schemaVersion = 1;

const schema = `
  CREATE TABLE store (
    life      TEXT NOT NULL,           -- drawn when the file was made: bookmarks of other files mean nothing here
    revision  INTEGER NOT NULL,        -- of the last change
    forgotten INTEGER NOT NULL         -- the last change that is no longer in the log
  ) STRICT;

  CREATE TABLE kind (
    number    INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    type      TEXT NOT NULL,
    UNIQUE (namespace, type)
  ) STRICT;

  CREATE TABLE resource (
    number    INTEGER PRIMARY KEY,
    kind      INTEGER NOT NULL,
    id        TEXT NOT NULL,
    version   INTEGER NOT NULL,
    document  TEXT NOT NULL,           -- JSON: metadata that is not in columns, and spec
    UNIQUE (kind, id)
  ) STRICT;

  CREATE TABLE label (
    kind      INTEGER NOT NULL,
    name      TEXT NOT NULL,
    value     TEXT NOT NULL,
    resource  INTEGER NOT NULL,
    PRIMARY KEY (kind, name, value, resource)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX label_of_resource ON label (resource);

  CREATE TABLE change (
    revision  INTEGER PRIMARY KEY,
    kind      INTEGER NOT NULL,
    id        TEXT NOT NULL,
    document  TEXT,                    -- after; null when destroyed
    version   INTEGER,                 -- and document before; null when created
    old       TEXT
  ) STRICT;
  CREATE INDEX change_of_kind ON change (kind, revision);

  INSERT INTO store VALUES (lower(hex(randomblob(8))), 0, 0);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/** In pages of the journal, when it is carried into the database by a thread beside ours, and when it is by our commits. */
const carriedAfterPages = { beside: 4_000, within: 1_000 } as const;

/** Opens the file, and makes it if there is none. Refuses what is damaged, or is not ours. */
export function openDatabase(
  path: string,
  checkpoints: keyof typeof carriedAfterPages = "within",
): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    makeFile(path);
    database = new DatabaseSync(path, { timeout: busyTimeoutMs });
    refuseForeign(database);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
    // A journal that once grew does not stay large.
    database.exec("PRAGMA journal_size_limit = 67108864");
    database.exec(`PRAGMA wal_autocheckpoint = ${carriedAfterPages[checkpoints]}`);
    makeSchema(database);
    refuseDamaged(database);
    return database;
  } catch (cause) {
    const why = reasonOf(database, cause);
    if (database?.isOpen) database.close();
    throw new Error(`Cannot open ${path}: ${why}`, { cause });
  }
}

/**
 * The journal, into which SQLite has written what was committed (sqlite.org/wal.html): flushing it is what makes that
 * durable. Its file stays the same as long as a connection is open; no locks are on it that closing it could drop.
 */
export class Journal implements AsyncDisposable {
  readonly #path: string;
  readonly #checkpoints: Checkpoints | undefined;
  #file: Promise<FileHandle> | undefined;

  constructor(database: string, checkpoints?: Checkpoints) {
    this.#path = `${database}-wal`;
    this.#checkpoints = checkpoints;
  }

  async flush(): Promise<void> {
    // It is there once something was written.
    this.#file ??= open(this.#path, "r+");
    try {
      await (await this.#file).datasync();
      this.#checkpoints?.due();
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#checkpoints?.[Symbol.asyncDispose]();
    await this.#close();
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.then(
      (opened) => opened.close(),
      () => undefined,
    );
  }
}

/** Whether a statement failed only because another process is writing (SQLITE_BUSY and its extended codes). */
export const isBusy = (error: unknown): boolean => (errorCode(error) & 0xff) === 5;

/** How long one statement blocks this process while it waits for another's lock. Longer waits are made asleep. */
const busyTimeoutMs = 20;

/** SQLite gives its journals the mode of the database, but the database that of the umask. */
function makeFile(path: string): void {
  try {
    // Never a file that is there: closing it would drop the locks that this process has on it (POSIX), and another
    // process would take the database for unused.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function refuseForeign(database: DatabaseSync): void {
  const application = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  if (application === applicationId) {
    if (version === schemaVersion) return;
    throw new Error(
      `its schema is version ${version}, and this program knows version ${schemaVersion}: it was made by another release`,
    );
  }
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as {
    tables: number;
  };
  if (application !== 0 || version !== 0 || tables !== 0) {
    throw new Error("it is the database of another program");
  }
}

function makeSchema(database: DatabaseSync): void {
  if (pragma(database, "application_id") === applicationId) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have made it meanwhile.
    if (pragma(database, "application_id") !== applicationId) database.exec(schema);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function refuseDamaged(database: DatabaseSync): void {
  const { quick_check: finding } = database.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
  if (finding !== "ok") throw new Error(`it is damaged (${finding})`);
}

function pragma(database: DatabaseSync, name: string): number {
  return Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0] as number;
}

/** In words, for the failures that people meet. */
export function reasonOf(database: DatabaseSync | undefined, error: unknown): string {
  if (database?.isOpen === false) return "it is closed";
  switch (errorCode(error) & 0xff) {
    case 26:
      return "it is not an SQLite database";
    case 11:
      return "it is damaged";
    case 13:
      return "the disk is full";
    case 5:
      return "another process has locked it";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function errorCode(error: unknown): number {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
}
