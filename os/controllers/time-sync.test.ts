import { describe, expect, test } from "vitest";
import { TestBench } from "../../cosi/engine/test-bench.ts";
import type { Sample } from "../network/ntp/judge.ts";
import { TimeServerStatus, timeServersId } from "../resources/network/names.ts";
import { NodeAddress } from "../resources/network/node.ts";
import { TimeStatus, TimeSyncSpec, timeStatusId } from "../resources/time-status.ts";
import { timeSync } from "./time-sync.ts";

/** A node whose clock stands at 1970 until somebody corrects it. */
async function node(answers: readonly (Sample | string)[]) {
  const bench = new TestBench();
  const done: string[] = [];
  const left = [...answers];
  const clock = {
    now: () => bench.clock.now(),
    step: (ms: number) => void done.push(`step ${ms}`),
    slew: (ms: number) => void done.push(`slew ${ms}`),
  };
  await bench.state.set(TimeServerStatus, timeServersId, { spec: { timeServers: ["ntp"] } });
  const ask = async () => left.shift() ?? "ntp did not answer";
  const work = bench.run([timeSync({ clock, ask })]);
  await bench.settle();
  return { bench, done, work, status: () => bench.state.find(TimeStatus, timeStatusId) };
}
const off = (offsetMs: number): Sample => ({ server: "ntp", offsetMs, delayMs: 1, stratum: 1 });
const address = { spec: { addresses: ["192.0.2.1/24"] } };

describe("the node's time", () => {
  test("is asked for only from an address, stepped at first and slewed later", async () => {
    const { bench, done, work, status } = await node([off(1.8e12), off(20)]);
    await using _ = work;
    expect(work.engine.standings("TimeSync")).toMatchObject([{ why: "there is no address to ask from" }]);
    await bench.state.set(NodeAddress, "current", address);
    await bench.settle();
    expect(done).toEqual(["step 1800000000000"]);
    expect((await status())?.spec).toMatchObject({ synced: true, epoch: 1, server: "ntp" });
    await bench.clock.advance(16 * 60_000);
    expect(done.slice(1)).toEqual(["slew 20"]);
    expect((await status())?.spec).toMatchObject({ synced: true, epoch: 1, offsetMs: 20 });
  });

  test("is asked for again soon when no server answered, and the reason is kept", async () => {
    const { bench, done, work, status } = await node(["ntp refuses: RATE", off(500)]);
    await using _ = work;
    await bench.state.set(NodeAddress, "current", address);
    await bench.settle();
    expect((await status())?.spec.synced).toBe(false);
    expect(work.engine.standings("TimeSync")).toMatchObject([
      { why: "no time server has answered; ntp refuses: RATE" },
    ]);
    await bench.clock.advance(16_000);
    expect(done).toEqual(["step 500"]);
  });

  test("is taken as it is when the config says so", async () => {
    const { bench, done, work, status } = await node([off(500)]);
    await using _ = work;
    await bench.state.set(TimeSyncSpec, timeStatusId, { spec: { enabled: false, bootTimeoutMs: 0 } });
    await bench.state.set(NodeAddress, "current", address);
    await bench.settle();
    expect((await status())?.spec).toMatchObject({ synced: true, syncDisabled: true });
    expect(done).toEqual([]);
  });

  test("is waited for only as long as the config says", async () => {
    const { bench, done, work, status } = await node(["no", "no", "no", "no", "no", off(500)]);
    await using _ = work;
    await bench.state.set(TimeSyncSpec, timeStatusId, { spec: { enabled: true, bootTimeoutMs: 40_000 } });
    await bench.state.set(NodeAddress, "current", address);
    await bench.clock.advance(39_000);
    expect((await status())?.spec.synced).toBe(false);
    await bench.clock.advance(1_000);
    expect((await status())?.spec.synced).toBe(true);
    await bench.clock.advance(60_000);
    expect(done).toEqual(["step 500"]);
  });
});
