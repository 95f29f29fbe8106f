// Where everything is kept: a file in a folder, or etcd; secrets sealed with the folder's master keys.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Leadership } from "../cosi/engine/leadership.ts";
import { makeKey, readKeyFile } from "../cosi/key-ring.ts";
import { SealedStore } from "../cosi/sealed-store.ts";
import type { Store } from "../cosi/store.ts";
import { etcdLeadership } from "../cosi/stores/etcd/election.ts";
import { openEtcdStore } from "../cosi/stores/etcd/etcd-store.ts";
import { SqliteStore } from "../cosi/stores/sqlite/sqlite-store.ts";
import { systemClock } from "../cosi/system-clock.ts";
import { allResources } from "./resources/all.ts";

interface StateWish {
  readonly folder: string;
  /** Of etcd; none for a file in the folder. */
  readonly endpoints?: readonly string[] | undefined;
  /** As others read it who leads. */
  readonly candidate: string;
}

interface OpenState {
  readonly store: Store;
  readonly leadership: Leadership | undefined;
}

export const stateFile = (folder: string) => join(folder, "state.sqlite");

export async function openState({ folder, endpoints, candidate }: StateWish): Promise<OpenState> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keys = await readKeyFile(await keyFile(folder));
  const sealed = (store: Store) => new SealedStore({ store, keys, types: allResources });
  if (endpoints === undefined) {
    const file = new SqliteStore({ path: stateFile(folder), clock: systemClock });
    return { store: sealed(file), leadership: undefined };
  }
  const etcd = await openEtcdStore({ endpoints: [...endpoints], clock: systemClock });
  return { store: sealed(etcd), leadership: etcdLeadership(etcd, { candidate }) };
}

/** The master keys of the state: made at the first start, readable by nobody else. */
async function keyFile(folder: string): Promise<string> {
  const path = join(folder, "master.keys");
  await writeFile(path, `${makeKey()}\n`, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
  return path;
}
