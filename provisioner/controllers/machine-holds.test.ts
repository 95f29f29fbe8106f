import { expect, test } from "vitest";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { Machine } from "../resources/machine.ts";
import { seeOff } from "../services/departures.ts";
import { noNodes } from "../simulation/no-nodes.ts";
import { machineHolds } from "./machine-holds.ts";
import { openControllers } from "./open-controllers.ts";

test("a machine that is held from the start is held by nobody else, and goes when it is asked to", async () => {
  const clock = new VirtualClock();
  const state = new State({ store: new MemoryStore(), clock });
  const engine = openControllers({
    state,
    clock,
    random: () => 1,
    randomBytes: (count) => new Uint8Array(count),
    newId: () => "order",
    powerOf: () => {
      throw new Error("there is no BMC");
    },
    askNode: async () => ({ is: "silent", why: "nobody" }),
    nodes: noNodes,
    makeSecrets: async () => undefined,
    log: { info: () => undefined, warn: () => undefined },
  });
  const stop = new AbortController();
  const running = Promise.all([engine.run(stop.signal), seeOff(state, stop.signal)]);
  const spec = {
    identity: { macs: [] },
    admission: { is: "byRule" },
    wipeId: 1,
    retryId: 0,
    power: "automatic",
    boot: {},
  } as const;
  await state.create(
    Machine,
    "m1",
    { spec: { ...spec, identity: { macs: [] } } },
    { finalizers: machineHolds },
  );
  await clock.advance(60_000);
  const { metadata } = await state.get(Machine, "m1");
  expect([...metadata.finalizers].toSorted()).toEqual([...machineHolds].toSorted());
  await state.teardown(Machine, "m1");
  await clock.advance(60_000);
  expect(await state.find(Machine, "m1")).toBeUndefined();
  stop.abort();
  await running;
});
