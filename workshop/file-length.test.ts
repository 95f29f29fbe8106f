import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const most = 400;

test("no file that people write is longer than a reader bears", () => {
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.mjs"],
    { cwd: root, encoding: "utf8" },
  );
  const files = listed
    .trimEnd()
    .split("\n")
    .filter((file) => !file.startsWith("api/gen/") && existsSync(join(root, file)));
  const lines = (file: string) => readFileSync(join(root, file), "utf8").split("\n").length - 1;
  expect(files.length).toBeGreaterThan(500);
  expect(files.filter((file) => lines(file) > most)).toEqual([]);
});
