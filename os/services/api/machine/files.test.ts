import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CopyRequestSchema,
  DiskUsageRequestSchema,
  ListRequestSchema,
  ReadRequestSchema,
  ListRequest_Type as Type,
} from "../../../../api/gen/machine/files_pb.js";
import type { Call } from "../../../../api/grpc/handlers.ts";
import { copy } from "./copy.ts";
import { diskUsage } from "./disk-usage.ts";
import { goFileMode } from "./file-mode.ts";
import { list } from "./list.ts";
import { read } from "./read.ts";

let folder: string;
const longName = "n".repeat(120);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-files-"));
  mkdirSync(join(folder, "a/b"), { recursive: true });
  writeFileSync(join(folder, "a/one"), "1234567890");
  writeFileSync(join(folder, "a/b/two"), Buffer.alloc(100_000, "x"));
  writeFileSync(join(folder, `a/b/${longName}`), "long");
  symlinkSync("one", join(folder, "a/link"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const call = { signal: new AbortController().signal } as Call;

/** All answers of a streaming handler. */
const answers = <Request extends DescMessage, Answer>(
  handler: (request: never, call: Call) => AsyncIterable<Answer>,
  schema: Request,
  request: MessageInitShape<Request>,
): Promise<Answer[]> => Array.fromAsync(handler(create(schema, request) as never, call));

describe("list", () => {
  const names = async (request: MessageInitShape<typeof ListRequestSchema>) =>
    (await answers(list.list, ListRequestSchema, request)).map(({ relativeName }) => relativeName);

  test("shows a folder and what is right in it", async () => {
    expect(await names({ root: join(folder, "a/") })).toEqual([".", "b", "link", "one"]);
  });
  test("goes as deep as it is told", async () => {
    expect(await names({ root: folder, recurse: true, recursionDepth: 2 })).toEqual([
      ...[".", "a", "a/b", "a/link", "a/one"],
    ]);
    expect(await names({ root: folder, recurse: true })).toContain("a/b/two");
  });
  test("shows only the kinds that are asked for", async () => {
    expect(await names({ root: join(folder, "a"), types: [Type.REGULAR, Type.SYMLINK] })).toEqual([
      "link",
      "one",
    ]);
  });
  test("tells of a file what it is", async () => {
    const found = await answers(list.list, ListRequestSchema, { root: join(folder, "a") });
    expect(found.find(({ relativeName }) => relativeName === "link")).toMatchObject({
      link: "one",
      isDir: false,
    });
    expect(found.find(({ relativeName }) => relativeName === "one")).toMatchObject({ size: 10n });
    expect(found[0]).toMatchObject({ isDir: true, mode: 2 ** 31 + 0o755 });
  });
  test("says of what is not there that it is not", async () => {
    const [only, ...others] = await answers(list.list, ListRequestSchema, { root: join(folder, "none") });
    expect(others).toEqual([]);
    expect(only?.error).toMatch(/ENOENT/);
  });
});

test.each([
  ["a file", 0o100644, 0o644],
  ["a folder with the sticky bit", 0o041777, 2 ** 31 + 2 ** 20 + 0o777],
  ["a program of another user's", 0o104755, 2 ** 23 + 0o755],
  ["a symbolic link", 0o120777, 2 ** 27 + 0o777],
  ["a terminal", 0o020620, 2 ** 26 + 2 ** 21 + 0o620],
  ["a socket", 0o140755, 2 ** 24 + 0o755],
])("%s has Go's file mode", (_, st, go) => {
  expect(goFileMode(st)).toBe(go);
});

describe("disk usage", () => {
  const usage = async (request: MessageInitShape<typeof DiskUsageRequestSchema>) =>
    (await answers(diskUsage.diskUsage, DiskUsageRequestSchema, request)).map(
      ({ relativeName, size }) => [relativeName, size] as const,
    );

  test("of a folder counts what is below it, and comes after it", async () => {
    const all = await usage({ paths: [folder], all: true });
    const names = all.map(([name]) => name);
    expect(names).toEqual([`a/b/${longName}`, "a/b/two", "a/b", "a/link", "a/one", "a", "."]);
    const sizes = new Map(all);
    expect(sizes.get("a/b")).toBeGreaterThanOrEqual(100_004n);
    expect(sizes.get(".")! - sizes.get("a")!).toBeGreaterThan(0n);
  });
  test("shows folders only, as deep and as large as asked", async () => {
    expect((await usage({ paths: [folder] })).map(([name]) => name)).toEqual(["a/b", "a", "."]);
    expect((await usage({ paths: [folder], recursionDepth: 1 })).map(([name]) => name)).toEqual(["."]);
    expect(
      (await usage({ paths: [folder], all: true, threshold: 50_000n })).map(([name]) => name),
    ).not.toContain("a/one");
    expect((await usage({ paths: [folder], all: true, threshold: -50n })).map(([name]) => name)).toContain(
      "a/one",
    );
  });
});

describe("read", () => {
  const content = async (path: string) =>
    Buffer.concat(
      (await answers(read.read, ReadRequestSchema, { path })).map(({ bytes }) => bytes as Uint8Array),
    );

  test("gives a file as it is", async () => {
    expect(await content(join(folder, "a/b/two"))).toEqual(Buffer.alloc(100_000, "x"));
  });
  test("also one whose size the kernel does not tell", async () => {
    expect((await content("/proc/self/status")).toString()).toMatch(/^Name:/);
  });
  test("refuses what is no file, and what is not there", async () => {
    await expect(content(folder)).rejects.toMatchObject({ details: "path must be a regular file" });
    await expect(content(join(folder, "none"))).rejects.toMatchObject({ code: "notFound" });
  });
});

test("a copy is an archive that tar takes apart", async () => {
  const chunks = await answers(copy.copy, CopyRequestSchema, { rootPath: join(folder, "a") });
  const archive = Buffer.concat(chunks.map(({ bytes }) => bytes as Uint8Array));
  expect(gunzipSync(archive).length % 512).toBe(0);
  const out = join(folder, "out");
  mkdirSync(out);
  execFileSync("tar", ["-xzf", "-", "-C", out], { input: archive });
  expect(readFileSync(join(out, "one"), "utf8")).toBe("1234567890");
  expect(readFileSync(join(out, "link"), "utf8")).toBe("1234567890");
  expect(readFileSync(join(out, "b/two")).length).toBe(100_000);
  expect(readFileSync(join(out, `b/${longName}`), "utf8")).toBe("long");
  expect(execFileSync("tar", ["-tzvf", "-"], { input: archive, encoding: "utf8" })).toContain("link -> one");
});
