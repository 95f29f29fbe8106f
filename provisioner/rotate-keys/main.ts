// `rotate-keys`: seals every secret of a provisioner's state with a new master key.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Store } from "../../cosi/store.ts";
import { openEtcdStore } from "../../cosi/stores/etcd/etcd-store.ts";
import { SqliteStore } from "../../cosi/stores/sqlite/sqlite-store.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { rotateKeys } from "./rotate-keys.ts";

const usage = `Usage: rotate-keys --state FILE|http(s)://ETCD[,…] --keys FILE [--resume]
  --state    the SQLite file, or etcd's endpoints, of the provisioner
  --keys     its master keys; a new one is added, and old ones stay for the store's history
  --resume   add no key: finish a rotation that was interrupted`;

const { values } = parseArgs({
  options: {
    state: { type: "string" },
    keys: { type: "string" },
    resume: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const { state, keys, resume, help } = values;

try {
  if (help) console.log(usage);
  else if (state === undefined || keys === undefined)
    throw new Error(`--state and --keys are needed\n${usage}`);
  else await rotate(state, keys);
} catch (error) {
  console.error(`rotate-keys: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function rotate(state: string, keyFile: string): Promise<void> {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  await using store = await open(state);
  const { resources, rewrapped } = await rotateKeys(store, keyFile, { resume, signal: stop.signal });
  console.log(`${rewrapped} of ${resources} resources sealed anew`);
}

async function open(state: string): Promise<Store> {
  if (/^https?:/.test(state)) return openEtcdStore({ endpoints: state.split(","), clock: systemClock });
  if (!existsSync(state)) throw new Error(`Cannot open ${state}: there is no such file`);
  return new SqliteStore({ path: state, clock: systemClock });
}
