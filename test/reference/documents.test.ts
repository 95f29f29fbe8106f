import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { documents } from "./documents.ts";
import { kernelArguments } from "./kernel-arguments.ts";

const root = join(import.meta.dirname, "../..");

describe("a reference", () => {
  test.each(Object.entries(documents))(
    "docs/%s is what the code says: `npm run generate` writes it",
    async (file, make) => {
      expect(readFileSync(join(root, "docs", file), "utf8")).toBe(await make());
    },
  );

  test("knows each kernel argument that the operating system reads, and no other", () => {
    const read = new Set<string>(["ip", "bond", "vlan"]);
    for (const file of readdirSync(join(root, "os"), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts") || /\.(test|conformance|fuzz|bench)\.ts$/.test(file)) continue;
      const text = readFileSync(join(root, "os", file), "utf8");
      for (const [, name] of text.matchAll(/\b(?:last|all)\("([a-z][\w.]*)"\)/g)) read.add(name!);
      for (const [, name] of text.matchAll(/"(ingot\.(?:provisioner|ca|token|boot))"/g)) read.add(name!);
    }
    expect([...read].sort()).toEqual(Object.keys(kernelArguments).sort());
  });
});
