// The other process of election.test.ts: leads when it can, and then writes one number after the other.
import { once } from "node:events";
import type { Json } from "../../store.ts";
import { systemClock } from "../../system-clock.ts";
import { etcdLeadership } from "./election.ts";
import { openEtcdStore } from "./etcd-store.ts";

export interface Candidacy {
  readonly candidate: string;
  readonly endpoints: readonly string[];
  readonly prefix: string;
  readonly ttlSeconds: number;
}

export type News =
  | { readonly leads: string }
  | { readonly wrote: number }
  /** The name of the error that ended its writing. */
  | { readonly stopped: string };

export const written = { namespace: "test", type: "Numbers.ingot.dev", id: "number" };

export function draft(spec: Json) {
  const moment = new Date(0);
  const bare = { owner: "", phase: "running", finalizers: [], labels: {}, annotations: {} } as const;
  return { metadata: { ...written, ...bare, created: moment, updated: moment }, spec };
}

async function run({ candidate, endpoints, prefix, ttlSeconds }: Candidacy, tell: (news: News) => void) {
  await using store = await openEtcdStore({ endpoints, prefix, clock: systemClock });
  const leadership = etcdLeadership(store, { candidate, ttlSeconds });
  await using lease = await leadership.acquire("writer", new AbortController().signal);
  const fenced = lease.fenced(store);
  tell({ leads: candidate });
  let version = (await store.get(written))?.metadata.version ?? ("absent" as const);
  try {
    for (let n = 1; ; n++) {
      const { metadata } = await fenced.put(draft({ candidate, n }), version);
      version = metadata.version;
      tell({ wrote: n });
    }
  } catch (error) {
    tell({ stopped: (error as Error).name });
  }
}

if (process.send && process.disconnect && process.argv[1] === import.meta.filename) {
  const [candidacy] = (await once(process, "message")) as [Candidacy];
  await run(candidacy, (news) => process.send!(news));
  process.disconnect();
}
