// Where the store's conformance suite finds etcd: one server for all tests of a file, a prefix for each test.
import { randomUUID } from "node:crypto";
import type { EtcdServer } from "../../../workshop/etcd-server.ts";
import type { Place } from "../../store.conformance.ts";
import type { Json, Store } from "../../store.ts";
import { systemClock } from "../../system-clock.ts";
import { type EtcdStoreOptions, openEtcdStore } from "./etcd-store.ts";

type Connection = Omit<EtcdStoreOptions, "prefix" | "clock">;

export function etcdPlace(server: EtcdServer, connection: Omit<Connection, "endpoints"> = {}): Place {
  const argument = { endpoints: server.endpoints, prefix: `/${randomUUID()}`, ...connection };
  const open = () => openEtcdStore({ ...argument, clock: systemClock });
  return {
    open,
    forget: async () => {
      await using store = await open();
      const { bookmark } = await store.list({ namespace: "", type: "" });
      await store.compact(bookmark);
    },
    elsewhere: { module: import.meta.url, argument: argument as unknown as Json },
    // The whole server goes after the last test.
    [Symbol.asyncDispose]: async () => {},
  };
}

/** For another process: what `elsewhere` names. */
export const openStore = (argument: Json): Promise<Store> =>
  openEtcdStore({ ...(argument as unknown as Connection & { prefix: string }), clock: systemClock });
