import { expect, test } from "vitest";
import { TestBench } from "../../../cosi/engine/test-bench.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { WatchdogTimerStatus } from "../../resources/runtime/watchdog.ts";
import { watchdogSpecs, watchdogTimers } from "./watchdog.ts";

test("the watchdog follows the config, and is as it was without it", async () => {
  const asked: unknown[] = [];
  const watchdog = {
    follow(settings: { device: string; timeoutMs: number } | undefined) {
      asked.push(settings);
      return { ...{ device: "/dev/watchdog", timeoutMs: 60_000 }, ...settings, petEveryMs: 5000 };
    },
  };
  const bench = new TestBench();
  await using _ = bench.run([watchdogSpecs, watchdogTimers(watchdog)]);
  const follow = async (fields?: string) => {
    const document = `apiVersion: v1alpha1\nkind: WatchdogTimerConfig\n${fields}\n`;
    const spec = { yaml: fields === undefined ? "machine: {}\n" : document, from: "a test" };
    await bench.state.set(MachineConfig, "v1alpha1", { spec });
    await bench.settle();
    return (await bench.state.find(WatchdogTimerStatus, "timer"))?.spec;
  };
  expect(await follow("device: /dev/watchdog0")).toEqual({
    ...{ device: "/dev/watchdog0", timeout: "1m0s", feedInterval: "5s" },
  });
  expect(await follow("device: /dev/watchdog1\ntimeout: 15s")).toMatchObject({ timeout: "15s" });
  expect(await follow()).toBeUndefined();
  expect(asked).toEqual([
    { device: "/dev/watchdog0", timeoutMs: 60_000 },
    { device: "/dev/watchdog1", timeoutMs: 15_000 },
    undefined,
  ]);
});
