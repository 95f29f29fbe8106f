import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTrace, readTrace } from "./trace.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-trace-"));
  path = join(folder, "run/pxe.sock");
});
afterEach(() => rm(folder, { recursive: true }));

test("readers see lines from when they come, and the end", async () => {
  const trace = await openTrace(path);
  trace.write("before anybody was there");
  const lines = readTrace(path);
  const first = lines.next();
  const writing = setInterval(() => trace.write("a machine boots"), 5);
  expect((await first).value).toBe("a machine boots");
  clearInterval(writing);
  await trace[Symbol.asyncDispose]();
  const rest = await Array.fromAsync(lines);
  expect(new Set(["a machine boots", ...rest])).toEqual(new Set(["a machine boots"]));
});

test("only its owner may read", async () => {
  await using _ = await openTrace(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("what a killed server left is replaced, what a running one has is not", async () => {
  {
    await using _ = await openTrace(path);
    await expect(openTrace(path)).rejects.toThrow("Cannot offer traces");
  }
  const listen = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("ready"))`;
  const killed = spawn(process.execPath, ["-e", listen], { stdio: ["ignore", "pipe", "inherit"] });
  await once(killed.stdout, "data");
  killed.kill("SIGKILL");
  await once(killed, "close");
  await using _ = await openTrace(path);
});

test("without a server, says so", async () => {
  await expect(readTrace(path).next()).rejects.toThrow("is the pxe-server running?");
});
