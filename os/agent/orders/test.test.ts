import { createServer } from "node:net";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { TestOrderSchema } from "../../../api/gen/ingot/agent/v1/orders_pb.js";
import { systemClock } from "../../../cosi/system-clock.ts";
import type { BlockDevice } from "../../block/block-device.ts";
import type { Disk } from "../../block/disks.ts";
import type { Progress } from "../order-runner.ts";
import { findBadMemory } from "./memory-patterns.ts";
import { type TestTools, testOrder } from "./test.ts";
import { connectSink } from "./throughput.ts";

const MiB = 1024 * 1024;
const sda = { devPath: "/dev/sda", serial: "S", wwid: "", busPath: "" } as Disk;

/** Its SMART self-test ends with this state. */
const ata = (state: number): BlockDevice["firmware"] => ({
  speaks: "ata",
  ata: {
    execute: async (_, { answers }) => ({
      data: answers ? new Uint8Array(512).with(363, state) : new Uint8Array(),
      registers: { error: 0, count: 0, lba: 0xc24f00, status: 0x50 },
    }),
  },
});

async function run(
  what: NonNullable<MessageInitShape<typeof TestOrderSchema>["test"]>,
  {
    tools = {},
    signal = new AbortController().signal,
  }: { tools?: Partial<TestTools>; signal?: AbortSignal } = {},
) {
  const progress: Progress[] = [];
  const outcome = await testOrder({
    clock: systemClock,
    disks: async () => [sda],
    openFirmware: async () => ({ firmware: ata(0), [Symbol.asyncDispose]: async () => {} }),
    freeMemoryBytes: () => 200 * MiB,
    connect: connectSink,
    ...tools,
  })(create(TestOrderSchema, { test: what }), { progress: (it) => progress.push(it), signal });
  return { outcome, progress };
}

describe("a memory test", () => {
  test("finds nothing in memory that keeps what is written", async () => {
    const { outcome, progress } = await run({
      case: "memory",
      value: { sizeBytes: 3n * 1024n * 1024n, passes: 2 },
    });
    expect(outcome).toMatchObject({
      is: "succeeded",
      result: { value: { findings: [{ value: "3 MiB" }, { name: "wrong words", value: "0", bad: false }] } },
    });
    expect(progress.at(-1)).toMatchObject({ progress: { value: { done: 20n, of: 20n } } });
  });

  test("counts the words of memory that forgets", async () => {
    // One word is stuck, and is right only under the pattern that it is stuck at.
    const stuck = (words: number) =>
      new Proxy(new Uint32Array(words), {
        get: (memory, key) => (key === "7" ? 0 : Reflect.get(memory, key, memory)),
      });
    const bad = await findBadMemory({
      sizeBytes: 64,
      passes: 1,
      progress: () => {},
      breathe: async () => {},
      allocate: stuck,
    });
    expect(bad).toBe(4);
  });

  test("takes no more than can be spared", async () => {
    const { outcome } = await run({ case: "memory", value: { sizeBytes: 100n * 1024n * 1024n } });
    expect(outcome).toMatchObject({ is: "refused", why: expect.stringContaining("can be spared") });
  });

  test("stops between two pieces", async () => {
    const signal = AbortSignal.abort(new Error("cancelled"));
    await expect(run({ case: "memory", value: {} }, { signal })).rejects.toThrow("cancelled");
  });
});

describe("a disk test", () => {
  test.each([
    ["passes", ata(0), { is: "succeeded" }],
    ["fails", ata(0x70), { is: "failed", why: "/dev/sda says that it is not well" }],
    ["is refused by a disk that has none", { speaks: "nothing" }, { is: "refused" }],
  ] satisfies [string, BlockDevice["firmware"], object][])("%s", async (_, firmware, outcome) => {
    const openFirmware = async () => ({ firmware, [Symbol.asyncDispose]: async () => {} });
    const value = { disk: "serial-S" };
    expect((await run({ case: "disk", value }, { tools: { openFirmware } })).outcome).toMatchObject(outcome);
  });

  test("of a disk that is not there is refused", async () => {
    expect((await run({ case: "disk", value: { disk: "serial-X" } })).outcome).toMatchObject({
      is: "refused",
    });
  });
});

describe("a network test", () => {
  test("measures how fast a peer takes what it is sent", async () => {
    const received = Promise.withResolvers<Buffer>();
    const server = createServer((socket) => socket.on("data", received.resolve));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    try {
      const value = { peer: `127.0.0.1:${port}`, duration: durationFromMs(20) };
      const { outcome } = await run({ case: "network", value });
      expect(outcome).toMatchObject({
        is: "succeeded",
        result: {
          value: { findings: [{ name: "sent", value: expect.stringMatching(/^\d+\.\d Mbit\/s$/) }] },
        },
      });
      // What was written has arrived, though the peer may not have looked yet.
      expect((await received.promise).length).toBeGreaterThan(0);
    } finally {
      await new Promise((closed) => server.close(closed));
    }
  });

  test.each(["nowhere", "10.0.0.1"])("to %j is refused", async (peer) => {
    expect((await run({ case: "network", value: { peer } })).outcome).toMatchObject({ is: "refused" });
  });
});

test("a test that only a newer provisioner knows is refused", async () => {
  expect((await run({ case: undefined })).outcome).toMatchObject({ is: "refused" });
});
