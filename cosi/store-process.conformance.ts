// The other process of store.conformance.ts: opens a store, does one task with it, and tells what was acknowledged.
import { once } from "node:events";
import type { Key, Kind } from "./resource.ts";
import type { Draft, Json, Store } from "./store.ts";
import { VersionConflict } from "./store.ts";

export interface Task {
  readonly module: string;
  readonly argument: Json;
  readonly task:
    | { readonly do: "increment"; readonly times: number; readonly key: Key }
    | ({ readonly do: "write"; readonly lanes: number } & Kind);
}

export interface Acknowledged {
  readonly id: string;
  readonly n: number;
}

/** Adds one to a counter, however many others do so too. */
export async function increment(store: Store, key: Key): Promise<number> {
  for (;;) {
    const current = await store.get(key);
    const n = ((current?.spec ?? 0) as number) + 1;
    try {
      await store.put(counter(key, n), current?.metadata.version ?? "absent");
      return n;
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
    }
  }
}

function counter(key: Key, n: number): Draft {
  const moment = new Date(0);
  return {
    metadata: {
      ...key,
      ...{ owner: "", phase: "running", finalizers: [], labels: {}, annotations: {} },
      ...{ created: moment, updated: moment },
    },
    spec: n,
  };
}

async function work({ module, argument, task }: Task): Promise<void> {
  const { openStore } = (await import(module)) as { openStore: (argument: Json) => Promise<Store> };
  await using store = await openStore(argument);
  if (task.do === "increment") {
    for (let time = 0; time < task.times; time++) await increment(store, task.key);
    return;
  }
  const { namespace, type } = task;
  const lanes = Array.from({ length: task.lanes }, async (_, lane) => {
    const key = { namespace, type, id: `lane-${lane}` };
    for (;;) {
      const n = await increment(store, key);
      process.send!({ id: key.id, n } satisfies Acknowledged);
    }
  });
  await Promise.all(lanes);
}

if (process.send && process.disconnect && process.argv[1] === import.meta.filename) {
  const [task] = (await once(process, "message")) as [Task];
  await work(task);
  process.disconnect();
}
