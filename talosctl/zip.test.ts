import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ZipWriter } from "./zip.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-zip-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const unzip = (...words: readonly string[]) =>
  execFileSync("unzip", words, { cwd: folder, env: { ...process.env, TZ: "UTC" } });

test("unzip reads what we pack", async () => {
  const chunks: Uint8Array[] = [];
  const archive = new ZipWriter(async (bytes) => chunks.push(bytes));
  const at = new Date("2026-08-14T12:22:32Z");
  const long = Buffer.from("the same again\n".repeat(10_000));
  await archive.add("10.0.0.1/service-logs/apid.log", long, at);
  await archive.add("10.0.0.1/empty", new Uint8Array(), at);
  await archive.add("10.0.0.1/größe", Buffer.from([0, 255, 10]), at);
  await archive.end();
  writeFileSync(join(folder, "a.zip"), Buffer.concat(chunks));

  expect(unzip("-t", "a.zip").toString()).toMatch(/No errors detected/);
  expect(unzip("-p", "a.zip", "10.0.0.1/service-logs/apid.log").equals(long)).toBe(true);
  expect([...unzip("-p", "a.zip", "10.0.0.1/gr*")]).toEqual([0, 255, 10]);
  expect(unzip("-Z", "-T", "a.zip").toString()).toMatch(
    /-rw------- +2\.0 unx +150000 .* 20260814\.122232 10\.0\.0\.1\/service-logs\/apid\.log\n/,
  );
});

test("an archive of nothing is one, too", async () => {
  const chunks: Uint8Array[] = [];
  await new ZipWriter(async (bytes) => chunks.push(bytes)).end();
  expect(Buffer.concat(chunks).toString("hex")).toBe(`504b0506${"00".repeat(18)}`);
});
