import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FileSettings } from "../../machine-config/settings/files.ts";
import { writeUserFiles } from "./write-user-files.ts";

let root: string;
let bound: string[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ingot-files-"));
  bound = [];
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/group"), "root\n");
});
afterEach(() => rmSync(root, { recursive: true }));

const file = (path: string, rest: Partial<FileSettings> = {}): FileSettings => ({
  ...{ path, content: "mine\n", mode: 0o600, operation: "create" },
  ...rest,
});
const write = (...files: FileSettings[]) =>
  writeUserFiles(files, {
    root,
    bind: (source, target) =>
      void bound.push(`${source.slice(root.length)} over ${target.slice(root.length)}`),
  });
const text = (path: string) => readFileSync(join(root, path), "utf8");

describe("files of a machine config", () => {
  test("are made below /var, at each boot alike", () => {
    const files = [file("/var/lib/a/b"), file("/var/log/c", { operation: "append" })];
    mkdirSync(join(root, "var/log"), { recursive: true });
    writeFileSync(join(root, "var/log/c"), "theirs\n");
    for (let boot = 0; boot < 3; boot += 1) write(...files);
    expect([text("var/lib/a/b"), text("var/log/c")]).toEqual(["mine\n", "theirs\nmine\n"]);
    expect(statSync(join(root, "var/lib/a/b")).mode & 0o777).toBe(0o600);
  });

  test("cover files of the image, which stay what they are", () => {
    write(file("/etc/group", { operation: "append" }));
    expect(bound).toEqual(["/system/files/etc/group over /etc/group"]);
    expect([text("system/files/etc/group"), text("etc/group")]).toEqual(["root\nmine\n", "root\n"]);
  });

  test.each([
    ["var/a", {}, "its path does not begin with /"],
    ["/etc/new", {}, "files can be created below /var only"],
    ["/var/../etc/new", {}, "files can be created below /var only"],
    ["/etc", { operation: "overwrite" as const }, "it is no file"],
  ])("%s is refused", (path, rest, why) => {
    expect(() => write(file(path, rest))).toThrow(`Cannot write the file ${path}: ${why}`);
  });

  test("do not take the place of others unless they are told to", () => {
    mkdirSync(join(root, "var"));
    writeFileSync(join(root, "var/a"), "theirs\n");
    expect(() => write(file("/var/a"))).toThrow("there is another file already");
    write(file("/var/a", { operation: "overwrite" }));
    expect(text("var/a")).toBe("mine\n");
  });
});
