import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reference } from "./reference.ts";
import { tree } from "./run-ingot.conformance.ts";

test("docs/cli.md is what the command says of itself: `npm run generate` writes it", async () => {
  const document = await readFile(join(import.meta.dirname, "../../docs/cli.md"), "utf8");
  expect(document).toBe(reference(tree()));
});
