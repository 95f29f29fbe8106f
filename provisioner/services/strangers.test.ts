import { expect, test } from "vitest";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { IdentityConflict } from "../resources/identity-conflict.ts";
import { Machine } from "../resources/machine.ts";
import { seeOff } from "./departures.ts";
import { MachineRegistry } from "./machine-registry.ts";
import { Strangers } from "./strangers.ts";

const limits = { burst: 10, perSecond: 1, most: 100, forgottenAfterMs: 600_000 };
const macOf = (index: number) => `02:00:00:00:${index.toString(16).padStart(4, "0").match(/../g)!.join(":")}`;

async function open({ areLetGo = true } = {}) {
  const clock = new VirtualClock();
  const state = new State({ store: new MemoryStore(), clock });
  const said: string[] = [];
  const strangers = new Strangers({ state, clock, log: (text) => said.push(text), limits });
  const registry = new MachineRegistry({ state, clock, strangers });
  const stop = new AbortController();
  const { signal } = stop;
  const working = Promise.allSettled([
    strangers.run(signal),
    registry.follow(signal),
    // No controller is there that would hold a machine.
    areLetGo && letGo(state, signal),
    seeOff(state, signal),
  ]);
  await clock.advance(1);
  return {
    ...{ clock, state, registry, said },
    metrics: () => strangers.metrics(),
    flood: async (first: number, count: number) => {
      const met = [];
      for (let index = first; index < first + count; index++) {
        met.push(await registry.meet({ macs: [macOf(index)] }));
      }
      return met.filter(({ is }) => is === "machine").length;
    },
    machines: async () => (await state.list(Machine)).resources,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await working;
    },
  };
}

async function letGo(state: State, signal: AbortSignal): Promise<void> {
  for await (const events of state.watch(Machine, { signal })) {
    for (const event of events) {
      if (event.type !== "updated" || event.old.metadata.phase === event.resource.metadata.phase) continue;
      const { id, finalizers } = event.resource.metadata;
      for (const name of finalizers) await state.removeFinalizer(Machine, id, name);
    }
  }
}

test("a flood of made-up machines leaves few records, which are forgotten", async () => {
  await using site = await open();
  expect(await site.flood(0, 10_000)).toBe(limits.burst);
  // Time makes room for some.
  await site.clock.advance(3_000);
  expect(await site.flood(10_000, 1_000)).toBe(3);
  // Those that were met before go on as if nothing were.
  expect(await site.flood(0, 10)).toBe(10);
  await site.clock.advance(limits.forgottenAfterMs + 120_000);
  expect(await site.machines()).toEqual([]);
  expect(site.said).toEqual([
    "10987 boots of machines that nobody knows were put off",
    "13 machines were forgotten: they asked for a boot, and no agent of theirs came",
  ]);
  expect(site.metrics()).toContain("ingot_strangers 0\n");
  expect(site.metrics()).toContain("ingot_strangers_refused_total 10987\n");
  expect(site.metrics()).toContain('ingot_strangers_forgotten_total{why="late"} 13\n');
});

test("a flood that does not end crowds out its own oldest, and keeps out nobody who comes", async () => {
  await using site = await open();
  await site.flood(0, 10);
  const [first] = await site.machines();
  await site.state.update(Machine, first!.metadata.id, ({ spec }) => ({
    spec: { ...spec, name: "rack1-07" },
  }));
  let most = 0;
  for (let second = 1; second <= 500; second++) {
    await site.clock.advance(1_000);
    // Whoever comes now is a machine that is there.
    expect(await site.flood(100 + second, 1)).toBe(1);
    most = Math.max(most, (await site.machines()).length);
  }
  expect(most).toBeLessThanOrEqual(limits.most + 1);
  const left = (await site.machines()).map(({ spec }) => spec.identity.macs[0]);
  expect(left).toContain(macOf(0));
  expect(left).not.toContain(macOf(1));
  expect(left).toContain(macOf(600));
  expect(site.said.at(-1)).toMatch(/^60 machines were forgotten before their time: \d+ others/);
  expect(site.metrics()).toMatch(/^ingot_strangers_forgotten_total\{why="crowdedOut"\} 4\d\d$/m);
});

test("a flood is bounded while nobody lets go of what is forgotten", async () => {
  await using site = await open({ areLetGo: false });
  let met = 0;
  for (let second = 0; second < 500; second++) {
    met += await site.flood(second * 10, 10);
    await site.clock.advance(1_000);
  }
  expect(met).toBeLessThan(2 * limits.most);
  expect(await site.machines()).toHaveLength(met);
});

test("a machine that a person has to do with is not forgotten, and makes room", async () => {
  await using site = await open();
  expect(await site.flood(0, 2)).toBe(2);
  const [first] = await site.machines();
  const { id } = first!.metadata;
  await site.state.update(Machine, id, ({ spec }) => ({ spec: { ...spec, name: "rack1-07" } }));
  await site.clock.advance(limits.forgottenAfterMs + 120_000);
  expect((await site.machines()).map(({ metadata }) => [metadata.id, metadata.labels])).toEqual([[id, {}]]);
});

test("who claims to be a machine again and again adds to it a bounded number of times", async () => {
  await using site = await open();
  const uuid = "4c4c4544-0044-4310-8052-b4c04f564231";
  await site.registry.meet({ uuid, serial: "S1", macs: [macOf(0)] });
  for (let index = 1; index < 200; index++) {
    await site.registry.meet({ uuid, serial: "S1", macs: [macOf(index)] });
    await site.registry.meet({ uuid, serial: `S1-${index}`, macs: [macOf(1_000 + index)] });
  }
  const [machine] = await site.machines();
  expect(machine!.spec.identity.macs).toHaveLength(64);
  expect((await site.state.get(IdentityConflict, uuid)).spec.claims).toHaveLength(16);
});
