import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const buf = (...args: string[]) =>
  execFileSync(join(root, "node_modules/.bin/buf"), args, { cwd: root, encoding: "utf8" });

const contents = (directory: string) =>
  Object.fromEntries(
    globSync("**/*.{js,ts}", { cwd: directory })
      .sort()
      .map((file) => [file, readFileSync(join(directory, file), "utf8")]),
  );

test("api/gen is what `npm run generate` makes of the .proto files", () => {
  const directory = mkdtempSync(join(tmpdir(), "ingot-generated-"));
  try {
    buf("generate", "api", "--template", "api/buf.gen.yaml", "--output", directory);
    expect(contents(join(root, "api/gen"))).toEqual(contents(join(directory, "gen")));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("the .proto files are formatted, and ours follow the style guide", () => {
  buf("format", "--diff", "--exit-code", "api");
  buf("lint", "api");
});
