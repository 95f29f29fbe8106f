// A copy of a store's file, made while others write to it, and put back.
import { chmod, link, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "./database.ts";

/** Writes the state of one moment into a new file. Sealed fields stay sealed: the master keys are kept elsewhere. */
export async function backupDatabase(path: string, target: string): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 30_000 });
  try {
    // One read transaction: writers go on, and none of what they write meanwhile is in it. Refuses a file that is there.
    database.prepare("VACUUM INTO ?").run(target);
  } catch (cause) {
    throw new Error(`Cannot back up ${path} to ${target}: ${reason(cause)}`, { cause });
  } finally {
    database.close();
  }
  await chmod(target, 0o600);
}

/** More writes than anybody made between a backup and its restoring. */
const leap = 2 ** 32;

/**
 * Puts a backup where no store is. It begins a new life: bookmarks and versions that were given out after the backup
 * was made name nothing in it.
 */
export async function restoreDatabase(backup: string, path: string): Promise<void> {
  const beside = `${path}.restoring`;
  await rm(beside, { force: true });
  await backupDatabase(backup, beside);
  try {
    const database = openDatabase(beside);
    try {
      database.exec(
        `UPDATE store SET life = lower(hex(randomblob(8))), revision = revision + ${leap}, forgotten = revision + ${leap};
         DELETE FROM change;
         PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE`,
      );
    } finally {
      database.close();
    }
    // Unlike a rename it refuses a file that is there.
    await link(beside, path).catch((cause: unknown) => {
      throw new Error(`Cannot restore to ${path}: ${reason(cause)}`, { cause });
    });
  } finally {
    await rm(beside, { force: true });
  }
}

function reason(cause: unknown): string {
  if ((cause as NodeJS.ErrnoException).code === "EEXIST") return "there is a state already";
  return cause instanceof Error ? cause.message : String(cause);
}
