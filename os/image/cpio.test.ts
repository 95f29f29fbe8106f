import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { cpio, type Entry } from "./cpio.ts";

const entries: Entry[] = [
  { path: "dev", type: "directory" },
  { path: "dev/console", type: "device", major: 5, minor: 1 },
  { path: "init", type: "file", mode: 0o755, content: Buffer.from("#!stage 1") },
  { path: "empty", type: "file", mode: 0o644, content: new Uint8Array() },
];

test("GNU cpio lists what was put in, with modes, owners and device numbers", () => {
  const { stdout, status } = spawnSync("cpio", ["-tv", "--quiet", "--numeric-uid-gid"], {
    input: cpio(entries),
    encoding: "utf8",
  });
  expect(status).toBe(0);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.replace(/ +/g, " ").replace("Jan 1 1970 ", "")),
  ).toEqual([
    "drwxr-xr-x 1 0 0 0 dev",
    "crw------- 1 0 0 5, 1 dev/console",
    "-rwxr-xr-x 1 0 0 9 init",
    "-rw-r--r-- 1 0 0 0 empty",
  ]);
});

test("segments can be concatenated: each is a multiple of 512 bytes", () => {
  expect(cpio(entries).length % 512).toBe(0);
});
