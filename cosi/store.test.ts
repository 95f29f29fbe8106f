import { expect, test } from "vitest";
import { fuzz } from "./store.fuzz.ts";

test("memory and SQLite tell the same of any history", async () => {
  await expect(fuzz({ runs: 50, seed: 1, log: () => {} })).resolves.toBeUndefined();
});
