// A state in a folder, copied away and put back.
import { chmod, constants, copyFile, mkdir, rm } from "node:fs/promises";
import { State } from "../cosi/state.ts";
import { backupDatabase, restoreDatabase } from "../cosi/stores/sqlite/backup.ts";
import { systemClock } from "../cosi/system-clock.ts";
import { keyFile, openState, stateFile } from "./open-state.ts";
import { Trust } from "./resources/trust.ts";
import { trustId } from "./trust/open-trust.ts";

/** The whole state of one moment, while a provisioner works on it. */
export const backupState = (folder: string, file: string) => backupDatabase(stateFile(folder), file);

export interface RestoreWish {
  readonly backup: string;
  /** Where no state is yet. */
  readonly folder: string;
  /** The file with the keys that the backup is sealed with, where the folder has none yet. */
  readonly keysFrom?: string | undefined;
  /** Instead of a file. */
  readonly masterKeys?: string | undefined;
}

/** Puts a backup into a folder, and makes sure that the master keys open it. */
export async function restoreState({ backup, folder, keysFrom, masterKeys }: RestoreWish): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (keysFrom !== undefined) {
    await copyFile(keysFrom, keyFile(folder), constants.COPYFILE_EXCL).catch((cause: unknown) => {
      throw new Error(`Cannot copy ${keysFrom}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    });
    await chmod(keyFile(folder), 0o600);
  }
  await restoreDatabase(backup, stateFile(folder));
  try {
    await using store = (await openState({ folder, masterKeys, candidate: "restore" })).store;
    await new State({ store, clock: systemClock }).find(Trust, trustId);
  } catch (cause) {
    // A state that nobody can open must not look like one.
    for (const file of ["", "-wal", "-shm"]) await rm(stateFile(folder) + file, { force: true });
    throw new Error(`Cannot restore ${backup}: these master keys do not open it; give --master-keys`, {
      cause,
    });
  }
}
