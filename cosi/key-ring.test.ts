import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addKey, makeKey, parseKeyRing, readKeyFile } from "./key-ring.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-keys-"));
  path = join(folder, "master.key");
});
afterEach(() => rm(folder, { recursive: true }));

describe("master keys", () => {
  test("are made, added and read; the last one seals", async () => {
    const one = await addKey(path);
    const two = await addKey(path);
    expect([one.keys.size, two.keys.size]).toEqual([1, 2]);
    expect([...two.keys.keys()]).toEqual([one.newest, two.newest]);
    const read = await readKeyFile(path);
    expect([read.newest, [...read.keys.keys()]]).toEqual([two.newest, [one.newest, two.newest]]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("may be followed by no newline, and told apart by comments", async () => {
    const [one, two] = [makeKey(), makeKey()];
    const ring = parseKeyRing(`# of last year\n${one}\n\n  # of this year\n  ${two}`);
    expect(ring.newest).toBe(parseKeyRing(two).newest);
    await writeFile(path, one, { mode: 0o600 });
    await addKey(path);
    expect((await readFile(path, "utf8")).split("\n")).toHaveLength(3);
  });

  test.each([
    ["nothing", "", "Cannot read master keys: there are none"],
    ["a short key", "AAAA", "Cannot read master key 1: it is not 32 bytes in base64"],
    ["a key with a slip", `${makeKey()}\n${makeKey().replace(/.$/, "*")}`, "Cannot read master key 2"],
  ])("refuse %s, without telling it", (_, text, message) => {
    expect(() => parseKeyRing(text)).toThrow(message);
  });

  test("refuse a file that others may read", async () => {
    await addKey(path);
    await chmod(path, 0o640);
    await expect(readKeyFile(path)).rejects.toThrow(
      `Cannot use key file ${path}: others may read it (mode 640): chmod 600 ${path}`,
    );
  });

  test("refuse a file that is not there", async () => {
    await expect(readKeyFile(path)).rejects.toThrow(`Cannot use key file ${path}: ENOENT`);
  });
});
