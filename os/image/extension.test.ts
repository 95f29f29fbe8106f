import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readExtension } from "./extension.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-extension-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string): string {
  const file = join(folder, "extension.json");
  writeFileSync(file, text);
  return file;
}

describe("an extension", () => {
  test("that the builder brings is known by its name", async () => {
    const { programs, modules } = await readExtension("containers");
    expect(programs.map(({ from }) => from)).toContain("containerd");
    expect(modules.some((rule) => rule.test("net/netfilter/nf_tables.ko.xz"))).toBe(true);
  });

  test.each([
    ["0 bytes", "", /JSON/],
    ["a word that nobody knows", '{"name": "x", "scripts": []}', /scripts/],
    ["a file outside of the root", '{"name": "x", "files": {"../etc/passwd": "x"}}', /not below the root/],
    ["a file from the top", '{"name": "x", "files": {"/etc/passwd": "x"}}', /not below the root/],
    ["a name that is a path", '{"name": "../x"}', /name/],
    ["a file that is not there", '{"name": "x", "files": {"etc/x": "nowhere"}}', /ENOENT/],
    ["no regular expression", '{"name": "x", "modules": ["("]}', /regular expression/i],
  ])("with %s is refused", async (_, text, why) => {
    await expect(readExtension(written(text))).rejects.toThrow(why);
  });
});
