import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isElf, needed, withoutSections } from "./elf.ts";

const program = readFileSync(process.execPath);

test("finds the libraries that the running Node asks for", () => {
  expect(needed(program)).toEqual(expect.arrayContaining(["libc.so.6", "libstdc++.so.6", "libatomic.so.1"]));
});

test("a program without its sections is smaller and still runs", () => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-elf-"));
  try {
    const stripped = withoutSections(program);
    expect(stripped.length).toBeLessThan(program.length);
    writeFileSync(join(folder, "node"), stripped, { mode: 0o755 });
    expect(spawnSync(join(folder, "node"), ["-p", "6 * 7"], { encoding: "utf8" }).stdout).toBe("42\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["a script", Buffer.from("#!/bin/sh\n".padEnd(100))],
  ["nothing", new Uint8Array()],
])("%s is no ELF program", (_, bytes) => {
  expect(isElf(bytes)).toBe(false);
});
