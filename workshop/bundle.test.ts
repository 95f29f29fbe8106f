import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const node = (...args: readonly string[]) =>
  spawnSync(process.execPath, args, { encoding: "utf8", cwd: root, timeout: 60_000, killSignal: "SIGKILL" });

beforeAll(() => {
  expect(node("workshop/bundle.ts")).toMatchObject({ status: 0, stderr: "" });
});

test.each([
  ["pxe", []],
  ["bmc", []],
  ["talosctl", []],
  ["rotate-keys", []],
  ["ingot", []],
  ["ingot", ["bmc"]],
  ["ingot", ["serve"]],
] as const)("the bundle of %s %j says how it is used", (name, words) => {
  const { status, stdout, stderr } = node(`out/bundle/bin/${name}.mjs`, ...words, "--help");
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toMatch(/--\w+/);
});
