// Where everything is kept: a file in a folder, or etcd; secrets sealed with the folder's master keys.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Leadership } from "../cosi/engine/leadership.ts";
import { makeKey, parseKeyRing, readKeyFile } from "../cosi/key-ring.ts";
import { SealedStore } from "../cosi/sealed-store.ts";
import type { Store } from "../cosi/store.ts";
import { etcdLeadership } from "../cosi/stores/etcd/election.ts";
import { openEtcdStore } from "../cosi/stores/etcd/etcd-store.ts";
import { SqliteStore } from "../cosi/stores/sqlite/sqlite-store.ts";
import { systemClock } from "../cosi/system-clock.ts";
import type { EtcdWish } from "./cli/serve-command.ts";
import { allResources } from "./resources/all.ts";
import { Trust } from "./resources/trust.ts";
import { trustId } from "./trust/open-trust.ts";

interface StateWish {
  readonly folder: string;
  /** None for a file in the folder. */
  readonly etcd?: EtcdWish | undefined;
  /** Instead of the folder's. */
  readonly masterKeys?: string | undefined;
  /** As others read it who leads. */
  readonly candidate: string;
}

interface OpenState {
  readonly store: Store;
  readonly leadership: Leadership | undefined;
}

export const stateFile = (folder: string) => join(folder, "state.sqlite");

export const keyFile = (folder: string) => join(folder, "master.keys");

/** The certificate of the provisioner's authority, for whoever reads the folder. */
export const authorityFile = (folder: string) => join(folder, "ca.pem");

export async function openState({ folder, etcd, masterKeys, candidate }: StateWish): Promise<OpenState> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const given = masterKeys === undefined ? undefined : parseKeyRing(masterKeys);
  if (etcd === undefined) {
    const keys = given ?? (await readKeyFile(await madeKeyFile(folder)));
    const store = new SqliteStore({ path: stateFile(folder), clock: systemClock, checkpoints: "beside" });
    return { store: new SealedStore({ store, keys, types: allResources }), leadership: undefined };
  }
  const shared = await openEtcdStore({ ...etcd, clock: systemClock });
  try {
    const keys = given ?? (await readKeyFile(await sharedKeyFile(folder, shared)));
    const store = new SealedStore({ store: shared, keys, types: allResources });
    return { store, leadership: etcdLeadership(shared, { candidate }) };
  } catch (error) {
    await shared[Symbol.asyncDispose]();
    throw error;
  }
}

/** Keys of our own would open nothing of what others have sealed. */
async function sharedKeyFile(folder: string, shared: Store): Promise<string> {
  const path = keyFile(folder);
  if (existsSync(path)) return path;
  const sealed = await shared.get({ ...Trust, id: trustId });
  if (sealed === undefined) return madeKeyFile(folder);
  throw new Error(
    `Cannot open the state in etcd without the master keys it is sealed with: copy ${path} from the provisioner that began it`,
  );
}

/** The master keys of the state: made at the first start, readable by nobody else. */
async function madeKeyFile(folder: string): Promise<string> {
  const path = keyFile(folder);
  await writeFile(path, `${makeKey()}\n`, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
  return path;
}
