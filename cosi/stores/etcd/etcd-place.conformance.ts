// Where the store's conformance suite finds etcd: one server for all tests of a file, a prefix for each test.
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EtcdServer } from "../../../workshop/etcd-server.ts";
import type { Place } from "../../store-fixtures.conformance.ts";
import { openStore } from "./open-store.conformance.ts";

export function etcdPlace(server: EtcdServer): Place & { raw(): Promise<readonly Uint8Array[]> } {
  const argument = { endpoints: server.endpoints, prefix: `/${randomUUID()}` };
  const open = () => openStore(argument);
  return {
    open,
    forget: async () => {
      await using store = await open();
      const { bookmark } = await store.list({ namespace: "", type: "" });
      await store.compact(bookmark);
    },
    elsewhere: { module: import.meta.resolve("./open-store.conformance.ts"), argument },
    raw: async () => {
      const entries = await readdir(server.folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))));
    },
    // The whole server goes after the last test.
    [Symbol.asyncDispose]: async () => {},
  };
}
