import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeConformance } from "../../store.conformance.ts";
import { openStore } from "./open-store.conformance.ts";

storeConformance({
  name: "SQLite",
  persistent: true,
  place: async () => {
    const folder = await mkdtemp(join(tmpdir(), "ingot-store-"));
    const path = join(folder, "store.db");
    return {
      open: () => openStore(path),
      forget: async () => {
        await using store = await openStore(path);
        await store.forget();
      },
      elsewhere: { module: new URL("./open-store.conformance.ts", import.meta.url).href, argument: path },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  },
});
