import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { resourceType } from "../resource.ts";
import { define } from "./definitions.ts";

/** What upstream derives from the name of each of its types, and of ours: test/compat/talos prints it. */
const captured = readFileSync(join(import.meta.dirname, "captures/definitions.txt"), "utf8")
  .trimEnd()
  .split("\n");

test("a definition derives from a type's name what upstream derives", () => {
  const ours = captured.map((line) => {
    const type = line.split(" | ")[0]!;
    const { displayType, aliases, allAliases } = define(
      resourceType({ type, namespace: "x", spec: z.any() }),
    );
    return [type, type.toLowerCase(), displayType, aliases.join(" "), allAliases.join(" ")].join(" | ");
  });
  expect(ours.length).toBeGreaterThan(150);
  expect(ours).toEqual(captured);
});
