import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { configFile, persistConfig } from "./persist-config.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-state-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const kept = () => readFileSync(join(folder, configFile), "utf8");

test("a config takes the place of the one before, and nobody else may read it", async () => {
  await persistConfig(folder, "first\n");
  const before = statSync(join(folder, configFile)).ino;
  await persistConfig(folder, "second\n");
  expect(kept()).toBe("second\n");
  expect(statSync(join(folder, configFile)).mode & 0o777).toBe(0o600);
  // Never written over: a power cut in the middle would leave half of it.
  expect(statSync(join(folder, configFile)).ino).not.toBe(before);
  expect(readdirSync(folder)).toEqual([configFile]);
});

test("what a power cut left half written is no config, and does not stay", async () => {
  await persistConfig(folder, "first\n");
  writeFileSync(join(folder, `.${configFile}.next`), "hal");
  expect(kept()).toBe("first\n");
  await persistConfig(folder, "second\n");
  expect(kept()).toBe("second\n");
  expect(readdirSync(folder)).toEqual([configFile]);
});
