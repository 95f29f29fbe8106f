import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FileSettings } from "../../machine-config/settings/files.ts";
import { UserFiles } from "./user-files.ts";

let root: string;
let bound: string[];
let files: UserFiles;
const boot = () => {
  files = new UserFiles({
    root,
    bind: (source, target) =>
      void bound.push(`${source.slice(root.length)} over ${target.slice(root.length)}`),
    unbind: (target) => void bound.push(`not over ${target.slice(root.length)}`),
  });
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ingot-files-"));
  bound = [];
  for (const folder of ["etc", "var/log"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc/group"), "root\n");
  writeFileSync(join(root, "var/log/c"), "theirs\n");
  boot();
});
afterEach(() => rmSync(root, { recursive: true }));

const file = (path: string, rest: Partial<FileSettings> = {}): FileSettings => ({
  ...{ path, content: "mine\n", mode: 0o600, operation: "create" },
  ...rest,
});
const append = { operation: "append" } as const;
const text = (path: string) => readFileSync(join(root, path), "utf8");

describe("files of a machine config", () => {
  test("are made below /var, at each boot alike", () => {
    for (let boots = 0; boots < 3; boots += 1) {
      boot();
      files.bring(file("/var/lib/a/b"));
      files.bring(file("/var/log/c", append));
    }
    expect([text("var/lib/a/b"), text("var/log/c")]).toEqual(["mine\n", "theirs\nmine\n"]);
    expect(statSync(join(root, "var/lib/a/b")).mode & 0o777).toBe(0o600);
  });

  test.skipIf(process.getuid?.() !== 0)("are for nobody's eyes but their owner's, where one is named", () => {
    files.bring({ ...file("/var/key", { mode: 0o400 }), owner: 65_534 });
    const { uid, gid, mode } = statSync(join(root, "var/key"));
    expect([uid, gid, mode & 0o777]).toEqual([65_534, 65_534, 0o400]);
  });

  test("follow their config, and stay when it no longer names them", () => {
    files.bring(file("/var/a"));
    files.bring(file("/var/log/c", append));
    files.bring(file("/var/a", { content: "new\n", mode: 0o644 }));
    files.bring(file("/var/log/c", { ...append, content: "longer\n" }));
    expect([text("var/a"), text("var/log/c")]).toEqual(["new\n", "theirs\nlonger\n"]);
    expect(statSync(join(root, "var/a")).mode & 0o777).toBe(0o644);
    files.release(new Set());
    expect([text("var/a"), text("var/log/c")]).toEqual(["new\n", "theirs\nlonger\n"]);
  });

  test("are written once: what others write to them afterwards stays until the config says something else", () => {
    files.bring(file("/var/a"));
    writeFileSync(join(root, "var/a"), "theirs\n");
    files.bring(file("/var/a"));
    expect(text("var/a")).toBe("theirs\n");
  });

  test("cover files of the image, which stay what they are, until they are not named any more", () => {
    files.bring(file("/etc/group", append));
    const { ino } = statSync(join(root, "system/files/etc/group"));
    files.bring(file("/etc/group", { ...append, content: "yours\n" }));
    expect(text("system/files/etc/group")).toBe("root\nyours\n");
    files.bring(file("/etc/group", { operation: "overwrite" }));
    expect([text("system/files/etc/group"), text("etc/group")]).toEqual(["mine\n", "root\n"]);
    // The same file, or the mount would go on showing what was.
    expect(statSync(join(root, "system/files/etc/group")).ino).toBe(ino);
    files.release(new Set(["/var/a"]));
    expect(bound).toEqual(["/system/files/etc/group over /etc/group", "not over /etc/group"]);
  });

  test.each<[string, Partial<FileSettings>, string]>([
    ["var/a", {}, "its path does not begin with /"],
    ["/etc/new", {}, "files can be created below /var only"],
    ["/var/../etc/new", {}, "files can be created below /var only"],
    ["/etc", { operation: "overwrite" }, "it is no file"],
    ["/var/nothing", { operation: "overwrite" }, "there is no file to overwrite"],
    ["/var/nothing", append, "there is no file to append to"],
  ])("%s with %j is refused", (path, rest, why) => {
    expect(files.bring(file(path, rest)).errorMessage).toBe(`Cannot write the file ${path}: ${why}`);
  });

  test("take the place of others", () => {
    writeFileSync(join(root, "var/a"), "theirs\n");
    expect(files.bring(file("/var/a"))).toEqual({
      ...{ operation: "create", mode: "600", errorMessage: "" },
      sha256: createHash("sha256").update("mine\n").digest("hex"),
    });
    expect(text("var/a")).toBe("mine\n");
  });
});
