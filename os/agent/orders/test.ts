// Hardware tests on order: memory, a disk's own self-test, the way through the network.
import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  type DiskTest,
  type MemoryTest,
  type NetworkTest,
  type TestOrder,
  TestResultSchema,
} from "../../../api/gen/ingot/agent/v1/orders_pb.js";
import { type Clock, sleep } from "../../../cosi/clock.ts";
import type { BlockDevice } from "../../block/block-device.ts";
import { disksById } from "../../block/disk-ids.ts";
import type { Disk } from "../../block/disks.ts";
import { readHealth, selfTest } from "../../block/firmware/health.ts";
import { Unsupported } from "../../block/unsupported.ts";
import type { Execute, Outcome, Progress } from "../order-runner.ts";
import { findBadMemory } from "./memory-patterns.ts";
import { type Connect, sendFor } from "./throughput.ts";

export interface TestTools {
  readonly clock: Clock;
  readonly disks: () => Promise<readonly Disk[]>;
  /** Its firmware alone; the disk may be in use. */
  readonly openFirmware: (
    disk: Disk,
  ) => Promise<AsyncDisposable & { readonly firmware: BlockDevice["firmware"] }>;
  readonly freeMemoryBytes: () => number;
  readonly connect: Connect;
}

interface Task {
  readonly progress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

interface Finding {
  readonly name: string;
  readonly value: string;
  readonly bad: boolean;
}

const lookAgainMs = 2_000;
/** Left to everything else that runs. */
const reservedBytes = 192 * 1024 * 1024;
const usualNetworkTestMs = 10_000;

export const testOrder =
  (tools: TestTools): Execute<TestOrder> =>
  async ({ test }, task) => {
    switch (test.case) {
      case "memory":
        return testMemory(test.value, tools, task);
      case "disk":
        return testDisk(test.value, tools, task);
      case "network":
        return testNetwork(test.value, tools, task);
      case undefined:
        return { is: "refused", why: "this version of the agent does not know such a test" };
    }
  };

function outcomeOf(findings: readonly Finding[], failure: string): Outcome {
  const result = { case: "test", value: create(TestResultSchema, { findings: [...findings] }) } as const;
  return findings.some(({ bad }) => bad)
    ? { is: "failed", why: failure, result }
    : { is: "succeeded", result };
}

const told = (task: Task, doing: string) => (done: number, of: number) =>
  task.progress({
    doing,
    progress: { case: "test", value: { done: BigInt(Math.floor(done)), of: BigInt(Math.floor(of)) } },
  });

async function testMemory(
  { sizeBytes, passes }: MemoryTest,
  { freeMemoryBytes, clock }: TestTools,
  task: Task,
): Promise<Outcome> {
  const free = Math.max(freeMemoryBytes() - reservedBytes, 0);
  const size = sizeBytes === 0n ? free : Number(sizeBytes);
  if (size > free || size === 0)
    return { is: "refused", why: `${size} bytes were asked for, and ${free} can be spared` };
  const bad = await findBadMemory({
    sizeBytes: size,
    passes: passes || 1,
    progress: told(task, "writing and reading memory"),
    // The event loop turns between two pieces, so that the session and the watchdog go on.
    breathe: () => sleep(clock, 0, task.signal),
  });
  return outcomeOf(
    [
      { name: "memory tested", value: `${Math.floor(size / 1024 ** 2)} MiB`, bad: false },
      { name: "wrong words", value: String(bad), bad: bad > 0 },
    ],
    `${bad} words of memory did not keep what was written`,
  );
}

async function testDisk({ disk: id, long }: DiskTest, tools: TestTools, task: Task): Promise<Outcome> {
  const disk = disksById(await tools.disks()).get(id);
  if (!disk) return { is: "refused", why: `${id} is not in this machine now` };
  await using opened = await tools.openFirmware(disk);
  const { firmware } = opened;
  const tell = told(task, `${disk.devPath} tests itself`);
  try {
    const passed = await selfTest(firmware, {
      long,
      progress: (part) => tell(part * 100, 100),
      pause: (signal) => sleep(tools.clock, lookAgainMs, signal),
      signal: task.signal,
    });
    const healthy = await readHealth(firmware);
    return outcomeOf(
      [
        { name: "self-test", value: passed ? "passed" : "failed", bad: !passed },
        { name: "health", value: wordFor(healthy), bad: healthy === false },
      ],
      `${disk.devPath} says that it is not well`,
    );
  } catch (error) {
    if (error instanceof Unsupported) return { is: "refused", why: error.message };
    throw error;
  }
}

const wordFor = (healthy: boolean | undefined) =>
  healthy === undefined ? "not told" : healthy ? "good" : "about to fail";

async function testNetwork(
  { peer, duration }: NetworkTest,
  { connect, clock }: TestTools,
  task: Task,
): Promise<Outcome> {
  const address = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(peer);
  if (!address) return { is: "refused", why: `${JSON.stringify(peer)} is not host:port` };
  const wantedMs = (duration && durationMs(duration)) || usualNetworkTestMs;
  const { bytes, elapsedMs } = await sendFor(wantedMs, {
    connect: () => connect(address[1]!, Number(address[2]), task.signal),
    clock,
    signal: task.signal,
    progress: told(task, `sending to ${peer}`),
  });
  const megabits = (bytes * 8) / 1000 / Math.max(elapsedMs, 1);
  return outcomeOf([{ name: "sent", value: `${megabits.toFixed(1)} Mbit/s`, bad: false }], "");
}
