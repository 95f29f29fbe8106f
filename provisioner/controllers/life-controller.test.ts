// The controllers that decide without touching a machine, on the real engine and a virtual clock.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Runtime, runtime } from "../../cosi/engine/runtime.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { AcceptanceRule } from "../resources/acceptance-rule.ts";
import { Admission } from "../resources/admission.ts";
import { Assignment } from "../resources/assignment.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { IdentityConflict } from "../resources/identity-conflict.ts";
import { Installation } from "../resources/installation.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import { WipeStatus } from "../resources/wipe-status.ts";
import { unknownSystem } from "../simulation/unknown-system.ts";
import { admissionController } from "./admission-controller.ts";
import { lifeController } from "./life-controller.ts";
import { releaseController } from "./release-controller.ts";

const start = new Date("2026-01-01T00:00:00Z");
const minute = 60_000;
const fresh: SpecOf<typeof Machine> = {
  identity: { macs: ["52:54:00:00:00:0a"] },
  admission: { is: "byRule" },
  wipeId: 1,
  retryId: 0,
  power: "automatic",
  boot: {},
};
const accepted: SpecOf<typeof Machine> = { ...fresh, admission: { is: "accepted", by: "ann" } };
const text = "";
const inventory: SpecOf<typeof Inventory> = {
  at: start,
  system: { ...unknownSystem, manufacturer: "Dell Inc." },
  firmware: { mode: "uefi", vendor: text, version: text, date: text },
  processors: [],
  memory: [],
  disks: [],
  networkInterfaces: [],
  pciDevices: [],
  gaps: [],
};
const wiped = (wipeId: number): SpecOf<typeof WipeStatus> => ({
  wipedAt: wipeId,
  run: {
    state: "done",
    wipeId,
    attempt: 1,
    orderId: `o${wipeId}`,
    startedAt: start,
    endedAt: start,
    disks: [],
  },
});
const installed = (since: Date): SpecOf<typeof Installation> => ({
  wipeId: 1,
  evidence: "nodeApi",
  at: since,
  node: { is: "ready", since },
});

let clock: VirtualClock;
let state: State;
let engine: Runtime;
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  clock = new VirtualClock({ start });
  state = new State({ store: new MemoryStore(), clock });
  engine = runtime({
    state,
    clock,
    controllers: [admissionController({ clock }), lifeController({ clock }), releaseController()],
    log: { info: () => undefined, warn: () => undefined },
    random: () => 1,
  });
  stop = new AbortController();
  running = engine.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await clock.run();
  await running;
});

const status = async () => (await state.get(MachineStatus, "m1")).spec;
const settle = () => clock.advance(1000);

describe("a machine", () => {
  test("goes its way by what is observed of it", async () => {
    const stages: string[] = [];
    const after = async (change: Promise<unknown>) => {
      await change;
      await settle();
      const { stage, why } = await status();
      stages.push(`${stage}: ${why}`);
    };
    await after(state.create(Machine, "m1", { spec: fresh }));
    await after(state.set(Inventory, "m1", { spec: inventory }));
    const when = [{ field: "system.manufacturer", is: "like", pattern: "dell*" }] as const;
    await after(
      state.set(AcceptanceRule, "dells", { spec: { order: 1, verdict: "accept", when: [...when] } }),
    );
    await after(state.set(WipeStatus, "m1", { spec: wiped(1) }));
    const assignment = { profile: "worker", how: "install", wipeId: 1 } as const;
    await after(state.set(Assignment, "m1", { spec: assignment }));
    await after(state.set(Installation, "m1", { spec: installed(clock.now()) }));
    const released = state.teardownAndDestroy(Assignment, "m1", stop.signal);
    await after(Promise.resolve());
    expect(engine.standings("Release", "m1")).toMatchObject([
      { why: "its disks are to be wiped under 2 first" },
    ]);
    await after(state.set(WipeStatus, "m1", { spec: wiped(2) }));
    await released;
    expect(stages).toEqual([
      "discovered: nobody has accepted it yet",
      "discovered: nobody has accepted it yet",
      "wiping: its agent has to come to wipe it",
      "pool: it is clean and free",
      "installing: it is assigned, and its disk is empty",
      "running: its system answers, and is ready",
      "releasing: its agent has to come to wipe it",
      "pool: it is clean and free",
    ]);
  });

  test("stays accepted when the rule that accepted it goes", async () => {
    await state.create(AcceptanceRule, "all", { spec: { order: 1, verdict: "accept", when: [] } });
    await state.create(Machine, "m1", { spec: fresh });
    await state.set(Inventory, "m1", { spec: inventory });
    await settle();
    const before = await state.get(Admission, "m1");
    expect(before.spec).toMatchObject({ state: "accepted", by: "rule all" });
    await state.teardownAndDestroy(AcceptanceRule, "all", stop.signal);
    await clock.advance(60 * minute);
    expect(await state.get(Admission, "m1")).toEqual(before);
  });

  test("that an operator rejects is left alone from then on", async () => {
    await state.create(Machine, "m1", { spec: accepted });
    await settle();
    expect(await status()).toMatchObject({ stage: "inspecting" });
    const rejected = { ...accepted, admission: { is: "rejected", by: "ann", why: "not ours" } } as const;
    await state.update(Machine, "m1", { spec: rejected });
    await settle();
    expect(await status()).toMatchObject({ stage: "rejected", progress: { is: "onTime", retries: 0 } });
  });

  test("in conflict is shown, and waits for people without a deadline", async () => {
    await state.create(Machine, "m1", { spec: accepted });
    const claims = [
      { identity: { macs: [] }, seenAt: start, why: "it has the UUID of m1, but not its MAC address" },
    ];
    await state.set(IdentityConflict, "m1", { spec: { claims } });
    await clock.advance(24 * 60 * minute);
    expect(await status()).toMatchObject({ stage: "conflicted", progress: { is: "onTime", retries: 0 } });
  });
});

describe("a stage that takes too long", () => {
  beforeEach(async () => {
    await state.create(Machine, "m1", { spec: accepted });
    await settle();
  });

  test("is tried three times, then given up with the reason, and stays so", async () => {
    const seen: string[] = [];
    for (let index = 0; index < 5; index++) {
      const { stage, progress } = await status();
      seen.push(`${stage} ${progress.is === "onTime" ? progress.retries : progress.is}`);
      await clock.advance(20 * minute);
    }
    expect(seen).toEqual(["inspecting 0", "inspecting 1", "inspecting 2", "failed gaveUp", "failed gaveUp"]);
    expect((await status()).progress).toMatchObject({
      step: "inspecting",
      why: "waited 3 times 20 minutes for its agent to tell what is in it",
    });
  });

  test("is tried again when an operator says so", async () => {
    await clock.advance(61 * minute);
    await state.update(Machine, "m1", { spec: { ...accepted, retryId: 1 } });
    await settle();
    expect(await status()).toMatchObject({ stage: "inspecting", progress: { is: "onTime", retries: 0 } });
    await clock.advance(61 * minute);
    expect(await status()).toMatchObject({ stage: "failed", progress: { retryId: 1 } });
  });

  test("goes on by itself when the evidence comes after all", async () => {
    await clock.advance(61 * minute);
    expect(await status()).toMatchObject({ stage: "failed" });
    await state.set(Inventory, "m1", { spec: inventory });
    const agent = {
      state: "agent",
      kernelBootId: "k",
      version: "1",
      since: clock.now(),
      heardAt: clock.now(),
    } as const;
    await state.set(BootStatus, "m1", { spec: agent });
    await settle();
    expect(await status()).toMatchObject({ stage: "wiping", progress: { is: "onTime", retries: 0 } });
  });
});
