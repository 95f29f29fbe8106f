import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Cache } from "./cache.ts";

let folder: string;
let made: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-cache-"));
  made = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const make = async (target: string) => {
  made++;
  await writeFile(join(target, "content"), `made ${made}`);
};

describe("a cached stage", () => {
  test("is made once for the same inputs, whatever their order", async () => {
    const cache = new Cache(folder);
    const first = await cache.folder("stage", { a: 1, b: /x/ }, make);
    const second = await cache.folder("stage", { b: /x/, a: 1 }, make);
    expect(second).toBe(first);
    expect(readFileSync(join(second, "content"), "utf8")).toBe("made 1");
  });

  test.each([
    ["a value", { a: 2, b: /x/ }],
    ["a pattern", { a: 1, b: /y/ }],
  ])("is made again when %s changes", async (_, inputs) => {
    const cache = new Cache(folder);
    await cache.folder("stage", { a: 1, b: /x/ }, make);
    await cache.folder("stage", inputs, make);
    expect(made).toBe(2);
  });

  test("is made by two builds at once without either failing", async () => {
    const cache = new Cache(folder);
    const write = (work: string) => writeFile(join(work, "content"), "the same");
    const stages = await Promise.all([1, 2].map(() => cache.folder("stage", 1, write)));
    expect(new Set(stages).size).toBe(1);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readFileSync(join(stages[0]!, "content"), "utf8")).toBe("the same");
  });

  test("leaves nothing behind when making it fails", async () => {
    const cache = new Cache(folder);
    await expect(cache.folder("stage", {}, () => Promise.reject(new Error("no disk")))).rejects.toThrow(
      "no disk",
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});
