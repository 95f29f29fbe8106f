import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { SendLogsRequestSchema } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { Machine } from "../resources/machine.ts";
import { AgentLogs } from "./agent-logs.ts";
import { clearLogs } from "./clear-logs.ts";

const line = create(SendLogsRequestSchema, { lines: [{ text: Buffer.from("x".repeat(100)) }] });

async function open() {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "logs-"));
  opened.defer(() => rm(folder, { recursive: true }));
  const clock = new VirtualClock();
  const state = new State({ store: new MemoryStore(), clock });
  const files = new AgentLogs({ folder, mostBytes: 50 });
  // Each time all has been looked through.
  let looked = Promise.withResolvers<void>();
  let removed = Promise.withResolvers<void>();
  const logs = {
    machines: async () => {
      const found = await files.machines();
      looked.resolve();
      return found;
    },
    remove: async (machine: string) => {
      await files.remove(machine);
      removed.resolve();
    },
  };
  const stop = new AbortController();
  const held = opened.move();
  let working = Promise.resolve();
  return {
    ...{ folder, clock, state, files },
    start: () => {
      working = clearLogs({ state, clock, logs, signal: stop.signal }).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    },
    nextLook: () => {
      looked = Promise.withResolvers();
      return looked.promise;
    },
    nextRemoval: () => {
      removed = Promise.withResolvers();
      return removed.promise;
    },
    add: (id: string) =>
      state.create(Machine, id, {
        spec: {
          identity: { macs: [] },
          admission: { is: "byRule" },
          wipeId: 1,
          retryId: 0,
          power: "automatic",
          boot: {},
        },
      }),
    say: async (id: string) => {
      await files.keep(id, line);
      await files.keep(id, line);
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await working;
      await held.disposeAsync();
    },
  };
}

test("logs go with their machine, and those of others stay", async () => {
  await using site = await open();
  for (const id of ["m1", "52:54:00:00:00:01"]) {
    await site.add(id);
    await site.say(id);
  }
  const looked = site.nextLook();
  site.start();
  await looked;
  const removed = site.nextRemoval();
  await site.state.destroy(Machine, "m1");
  await removed;
  expect((await readdir(site.folder)).toSorted()).toEqual([
    "52%3A54%3A00%3A00%3A00%3A01.log",
    "52%3A54%3A00%3A00%3A00%3A01.log.1",
  ]);
  expect(await site.files.tail("m1", 10)).toBe("");
});

test("what a process left that died goes at the next start, and a late word at the next look", async () => {
  await using site = await open();
  await site.add("m1");
  await site.say("m1");
  await site.say("../gone");
  await writeFile(join(site.folder, "notes.txt"), "not ours");
  await writeFile(join(site.folder, "%zz.log"), "not ours");
  const first = site.nextRemoval();
  site.start();
  await first;
  expect(await site.files.machines()).toEqual(["m1"]);
  await site.say("../gone");
  const second = site.nextRemoval();
  await site.clock.advance(10 * 60_000);
  await second;
  expect((await readdir(site.folder)).toSorted()).toEqual(["%zz.log", "m1.log", "m1.log.1", "notes.txt"]);
});
