import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sealedStoreConformance } from "../../sealed-store.conformance.ts";
import { storeConformance } from "../../store.conformance.ts";
import { openStore } from "./open-store.conformance.ts";

async function place() {
  const folder = await mkdtemp(join(tmpdir(), "ingot-store-"));
  const path = join(folder, "store.db");
  return {
    open: () => openStore(path),
    forget: async () => {
      await using store = await openStore(path);
      await store.forget();
    },
    elsewhere: { module: new URL("./open-store.conformance.ts", import.meta.url).href, argument: path },
    raw: async () => Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file)))),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

storeConformance({ name: "SQLite", persistent: true, place });
sealedStoreConformance("SQLite", place);
