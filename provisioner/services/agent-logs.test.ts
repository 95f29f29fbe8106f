import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { SendLogsRequestSchema } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import { AgentLogs } from "./agent-logs.ts";

const batch = (...texts: readonly string[]) =>
  create(SendLogsRequestSchema, {
    lines: texts.map((text) => ({ source: "kernel", severity: 6, text: Buffer.from(text) })),
  });

test("logs are kept in two files of a bounded size, however much a machine says", async () => {
  await using around = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "logs-"));
  around.defer(() => rm(folder, { recursive: true }));
  const logs = new AgentLogs({ folder, mostBytes: 1000 });
  for (let number = 0; number < 200; number++) await logs.keep("m1", batch(`line ${number}`));
  const files = await readdir(folder);
  expect(files.toSorted()).toEqual(["m1.log", "m1.log.1"]);
  for (const file of files) expect((await stat(join(folder, file))).size).toBeLessThan(1100);
  const kept = (await logs.tail("m1", 1000)).trimEnd().split("\n");
  expect(kept.at(-1)).toMatch(/line 199$/);
  expect(kept.length).toBeGreaterThan(25);
  expect(await logs.tail("m1", 2)).toMatch(/line 198\n.*line 199\n$/);
});

test("a line without an end is cut, and a machine's name is no path", async () => {
  await using around = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "logs-"));
  around.defer(() => rm(folder, { recursive: true }));
  const logs = new AgentLogs({ folder });
  await logs.keep("../../etc/passwd", batch("x".repeat(1_000_000)));
  expect(await readdir(folder)).toEqual(["%2e%2e%2F%2e%2e%2Fetc%2Fpasswd.log"]);
  expect((await logs.tail("../../etc/passwd", 5)).length).toBeLessThan(9000);
  expect(await logs.tail("m2", 5)).toBe("");
});
