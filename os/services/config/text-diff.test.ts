import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { textDiff } from "./text-diff.ts";

test("shows changed lines among those around them", () => {
  const before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
  expect(textDiff(before, before.replace("e\n", "E\nE2\n"))).toBe(
    "@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n+E2\n f\n g\n h\n",
  );
  expect(textDiff(before, before)).toBe("");
});

const hasPatch = spawnSync("patch", ["--version"]).status === 0;

test.skipIf(!hasPatch)("`patch` makes the one text of the other, whatever they are", () => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-diff-"));
  const line = fc.constantFrom("a", "b", "c", "d");
  const text = fc.array(line, { maxLength: 30 }).map((lines) => lines.map((it) => `${it}\n`).join(""));
  try {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = textDiff(before, after);
        if (before === after) {
          expect(diff).toBe("");
          return;
        }
        const file = join(folder, "file");
        writeFileSync(file, before);
        // The empty line after the last line's end is no line to `patch`.
        const input = `--- file\n+++ file\n${withoutEnd(diff)}`;
        execFileSync("patch", ["-s", "-p0", file], { input, cwd: folder });
        expect(readFileSync(file, "utf8")).toBe(after);
      }),
      { numRuns: 50 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Without the empty last line of a text that ends with a line's end, in the hunk that reaches it. */
function withoutEnd(diff: string): string {
  if (!diff.endsWith("\n \n")) return diff;
  const at = diff.lastIndexOf("@@ -");
  const shrink = (_: string, from: string, a: string, to: string, b: string) =>
    `@@ -${Number(a) === 1 ? 0 : from},${Number(a) - 1} +${Number(b) === 1 ? 0 : to},${Number(b) - 1} @@`;
  const hunk = diff.slice(at, -2).replace(/^@@ -(\d+),(\d+) \+(\d+),(\d+) @@/, shrink);
  return diff.slice(0, at) + hunk;
}
