import { describe, expect, test } from "vitest";
import { z } from "zod";
import { equal } from "./query.ts";
import { resourceType, type SpecOf } from "./resource.ts";
import { timestamp } from "./spec.ts";
import { State } from "./state.ts";
import {
  AlreadyExists,
  InvalidSpec,
  NotFound,
  OwnerConflict,
  PendingFinalizers,
  PhaseConflict,
} from "./state-errors.ts";
import { VersionConflict } from "./store.ts";
import { MemoryStore } from "./stores/memory.ts";
import { VirtualClock } from "./virtual-clock.ts";
import type { WatchFrom } from "./watch-events.ts";

const Machine = resourceType({
  type: "Machines.ingot.dev",
  namespace: "default",
  spec: z.object({
    power: z.enum(["on", "off"]),
    slots: z.array(z.object({ size: z.number() })).default([]),
    changedAt: timestamp.optional(),
  }),
});
const off: SpecOf<typeof Machine> = { power: "off", slots: [] };
const on: SpecOf<typeof Machine> = { power: "on", slots: [] };

function setUp() {
  const store = new MemoryStore();
  const clock = new VirtualClock({ start: new Date("2026-01-01T00:00:00Z") });
  const state = new State({ store, clock });
  return { store, clock, state };
}

/** What a watch tells, in short, until it has told `count` events. */
async function told(
  state: State,
  count: number,
  options: { from?: WatchFrom; id?: string; rack?: string } = {},
): Promise<string[]> {
  const stop = new AbortController();
  const { rack, ...where } = options;
  const query = rack === undefined ? {} : { query: { labels: [equal("rack", rack)] } };
  const lines: string[] = [];
  for await (const events of state.watch(Machine, { signal: stop.signal, ...where, ...query })) {
    for (const event of events) {
      lines.push(
        event.type === "bootstrapped"
          ? event.type
          : `${event.type} ${event.resource.metadata.id} ${event.resource.spec.power}`,
      );
    }
    if (lines.length >= count) stop.abort();
  }
  return lines;
}

describe("writing", () => {
  test("a create records owner, moments and version, and gives back what code works with", async () => {
    const { state, clock } = setUp();
    const changedAt = new Date("2026-02-03T04:05:06.789Z");
    const machine = await state.as("Power").create(Machine, "m1", {
      spec: { ...on, changedAt },
      labels: { rack: "r1" },
    });
    expect(machine).toEqual({
      metadata: {
        namespace: "default",
        type: "Machines.ingot.dev",
        id: "m1",
        version: 1n,
        owner: "Power",
        phase: "running",
        finalizers: [],
        labels: { rack: "r1" },
        annotations: {},
        created: clock.now(),
        updated: clock.now(),
      },
      spec: { ...on, changedAt },
    });
    expect(await state.get(Machine, "m1")).toEqual(machine);
  });

  test("a spec is kept as JSON", async () => {
    const { state, store } = setUp();
    const changedAt = new Date("2026-02-03T04:05:06.789Z");
    const { metadata } = await state.create(Machine, "m1", { spec: { ...on, changedAt } });
    expect((await store.get(metadata))?.spec).toEqual({
      power: "on",
      slots: [],
      changedAt: "2026-02-03T04:05:06.789Z",
    });
  });

  test("an update keeps what it does not name, and moves version and moment", async () => {
    const { state, clock } = setUp();
    const before = await state.create(Machine, "m1", { spec: off, labels: { rack: "r1" } });
    await clock.advance(1000);
    const after = await state.update(Machine, "m1", ({ spec }) => ({ spec: { ...spec, power: "on" } }));
    expect(after.spec.power).toBe("on");
    expect(after.metadata.labels).toEqual({ rack: "r1" });
    expect(after.metadata.version).toBeGreaterThan(before.metadata.version);
    expect(after.metadata.created).toEqual(before.metadata.created);
    expect(after.metadata.updated).toEqual(clock.now());
  });

  test("an update that changes nothing writes nothing", async () => {
    const { state, clock } = setUp();
    const before = await state.create(Machine, "m1", { spec: off });
    await clock.advance(1000);
    expect(await state.update(Machine, "m1", { spec: { slots: [], power: "off" } })).toEqual(before);
    expect(await state.set(Machine, "m1", { spec: off })).toEqual(before);
  });

  test("set creates what is absent and makes what is there exactly so", async () => {
    const { state } = setUp();
    await state.set(Machine, "m1", { spec: off, labels: { rack: "r1" } });
    const { metadata, spec } = await state.set(Machine, "m1", { spec: on });
    expect([spec, metadata.labels]).toEqual([on, {}]);
  });

  test("changes by function survive each other", async () => {
    const { state } = setUp();
    await state.create(Machine, "m1", { spec: off });
    const grow = () =>
      state.update(Machine, "m1", ({ spec }) => ({ spec: { ...spec, slots: [...spec.slots, { size: 1 }] } }));
    await Promise.all(Array.from({ length: 20 }, grow));
    expect((await state.get(Machine, "m1")).spec.slots).toHaveLength(20);
  });

  test("replace writes a resource as it was read and changed, once", async () => {
    const { state } = setUp();
    const machine = await state.create(Machine, "m1", { spec: off });
    const changed = {
      spec: on,
      metadata: { ...machine.metadata, finalizers: ["Wipe"], phase: "tearingDown" as const },
    };
    const { metadata, spec } = await state.replace(Machine, changed);
    expect([spec, metadata.finalizers, metadata.phase]).toEqual([on, ["Wipe"], "tearingDown"]);
    await expect(state.replace(Machine, changed)).rejects.toThrow(VersionConflict);
    await expect(
      state.replace(
        Machine,
        { spec: on, metadata: { ...metadata, phase: "running" } },
        { phase: "tearingDown" },
      ),
    ).rejects.toThrow("Cannot revive Machines.ingot.dev default/m1: it is tearingDown");
  });
});

describe("what State refuses", () => {
  const refusals: [string, new (...args: never[]) => Error, string, (state: State) => Promise<unknown>][] = [
    [
      "to create what exists",
      AlreadyExists,
      "Cannot create Machines.ingot.dev default/m1: it already exists",
      (state) => state.create(Machine, "m1", { spec: on }),
    ],
    [
      "to get what is absent",
      NotFound,
      "Cannot find Machines.ingot.dev default/m9",
      (state) => state.get(Machine, "m9"),
    ],
    ["to update what is absent", NotFound, "m9", (state) => state.update(Machine, "m9", { spec: on })],
    ["to tear down what is absent", NotFound, "m9", (state) => state.teardown(Machine, "m9")],
    ["to destroy what is absent", NotFound, "m9", (state) => state.destroy(Machine, "m9")],
    [
      "an update over another version",
      VersionConflict,
      "expected version 99, found version 1",
      (state) => state.update(Machine, "m1", { spec: on }, { version: 99n }),
    ],
    [
      "a teardown over another version",
      VersionConflict,
      "expected version 99",
      (state) => state.teardown(Machine, "m1", { version: 99n }),
    ],
    [
      "a destroy over another version",
      VersionConflict,
      "expected version 99",
      (state) => state.destroy(Machine, "m1", { version: 99n }),
    ],
    [
      "an update by a stranger",
      OwnerConflict,
      "Cannot write Machines.ingot.dev default/m1 as Power: it belongs to nobody",
      (state) => state.as("Power").update(Machine, "m1", { spec: on }),
    ],
    [
      "an update of what a controller owns",
      OwnerConflict,
      "as nobody: it belongs to Power",
      (state) => state.update(Machine, "owned", { spec: on }),
    ],
    [
      "a teardown by a stranger",
      OwnerConflict,
      "owned",
      (state) => state.as("Wipe").teardown(Machine, "owned"),
    ],
    ["a destroy by a stranger", OwnerConflict, "owned", (state) => state.destroy(Machine, "owned")],
    ["a set by a stranger", OwnerConflict, "owned", (state) => state.set(Machine, "owned", { spec: on })],
    [
      "an update of what is being torn down",
      PhaseConflict,
      "Cannot update Machines.ingot.dev default/leaving: it is tearingDown",
      (state) => state.update(Machine, "leaving", { spec: on }),
    ],
    [
      "a new finalizer on what is being torn down",
      PhaseConflict,
      "Cannot add a finalizer to",
      (state) => state.addFinalizer(Machine, "leaving", "Power"),
    ],
    [
      "to destroy what is still needed",
      PendingFinalizers,
      "still needed by Wipe, Network",
      (state) => state.destroy(Machine, "leaving"),
    ],
    [
      "a spec that does not fit",
      InvalidSpec,
      "Cannot write Machines.ingot.dev default/m2: the spec does not fit: spec.slots[1].size: ",
      (state) =>
        state.create(Machine, "m2", {
          spec: { power: "on", slots: [{ size: 1 }, { size: "big" as unknown as number }] },
        }),
    ],
  ];
  test.each(refusals)("%s", async (_, kind, message, attempt) => {
    const { state } = setUp();
    await state.create(Machine, "m1", { spec: off });
    await state.as("Power").create(Machine, "owned", { spec: off });
    await state.create(Machine, "leaving", { spec: off }, { finalizers: ["Wipe", "Network"] });
    await state.teardown(Machine, "leaving");

    const error: unknown = await attempt(state).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(kind);
    expect(error).toHaveProperty("message", expect.stringContaining(message));
    expect(error).toHaveProperty("name", kind.name);
  });

  test("a field that JSON would silently change", async () => {
    const { state } = setUp();
    const Loose = resourceType({
      type: "Loose.ingot.dev",
      namespace: "default",
      spec: z.object({ a: z.array(z.unknown()) }),
    });
    const attempt = state.create(Loose, "l1", { spec: { a: [1, 10n] } });
    await expect(attempt).rejects.toThrow("spec.a[1]: the store keeps JSON, and 10n is none");
  });

  test("a schema that cannot be written back", async () => {
    const { state } = setUp();
    const OneWay = resourceType({
      type: "OneWay.ingot.dev",
      namespace: "default",
      spec: z.object({ length: z.string().transform((text) => text.length) }),
    });
    await expect(state.create(OneWay, "o1", { spec: { length: 1 } })).rejects.toThrow(InvalidSpec);
  });

  test("a stored spec that no longer fits, by name of resource and field; it can still be overwritten and destroyed", async () => {
    const { state, store } = setUp();
    const { metadata } = await state.create(Machine, "m1", { spec: on });
    await store.put({ metadata, spec: { power: "dim" } }, metadata.version);
    for (const read of [
      () => state.get(Machine, "m1"),
      () => state.find(Machine, "m1"),
      () => state.list(Machine),
    ]) {
      await expect(read()).rejects.toThrow(
        /^Cannot read Machines\.ingot\.dev default\/m1: its stored spec does not fit: spec\.power: /,
      );
    }
    expect((await state.set(Machine, "m1", { spec: off })).spec).toEqual(off);
    const mended = await state.get(Machine, "m1");
    await store.put({ metadata: mended.metadata, spec: "rotten again" }, mended.metadata.version);
    await state.destroy(Machine, "m1");
    expect(await state.find(Machine, "m1")).toBeUndefined();
  });
});

describe("going", () => {
  test("whoever needs a resource holds it until it lets go", async () => {
    const { state } = setUp();
    await state.create(Machine, "m1", { spec: on });
    await state.as("Wipe").addFinalizer(Machine, "m1", "Wipe");
    await state.as("Wipe").addFinalizer(Machine, "m1", "Wipe");
    const leaving = await state.teardown(Machine, "m1");
    expect([leaving.metadata.phase, leaving.metadata.finalizers]).toEqual(["tearingDown", ["Wipe"]]);
    expect(await state.teardown(Machine, "m1")).toEqual(leaving);
    await expect(state.destroy(Machine, "m1")).rejects.toThrow(PendingFinalizers);
    await state.as("Wipe").removeFinalizer(Machine, "m1", "Wipe");
    await state.destroy(Machine, "m1");
    expect(await state.find(Machine, "m1")).toBeUndefined();
  });

  test("what is being torn down is updated only by who says so", async () => {
    const { state } = setUp();
    await state.create(Machine, "m1", { spec: off });
    await state.teardown(Machine, "m1");
    const after = await state.update(Machine, "m1", { spec: on }, { phase: "any" });
    expect([after.spec.power, after.metadata.phase]).toEqual(["on", "tearingDown"]);
  });

  test("teardownAndDestroy waits for the last finalizer", async () => {
    const { state } = setUp();
    await state.create(Machine, "m1", { spec: on }, { finalizers: ["A", "B"] });
    const gone = state.teardownAndDestroy(Machine, "m1", new AbortController().signal);
    await state.removeFinalizer(Machine, "m1", "A");
    expect(await state.find(Machine, "m1")).toBeDefined();
    await state.removeFinalizer(Machine, "m1", "B");
    await gone;
    expect(await state.find(Machine, "m1")).toBeUndefined();
  });

  test("teardownAndDestroy stops waiting when told", async () => {
    const { state } = setUp();
    await state.create(Machine, "m1", { spec: on }, { finalizers: ["A"] });
    const stop = new AbortController();
    const gone = state.teardownAndDestroy(Machine, "m1", stop.signal);
    stop.abort(new Error("enough"));
    await expect(gone).rejects.toThrow("enough");
  });
});

async function history() {
  const { state } = setUp();
  const { bookmark: start } = await state.list(Machine);
  await state.create(Machine, "b", { spec: off, labels: { rack: "r1" } });
  await state.create(Machine, "a", { spec: off, labels: { rack: "r2" } });
  await state.update(Machine, "b", { spec: on });
  return { state, start };
}

describe("watching", () => {
  test("begins with what is there, marks its end, and goes on with changes", async () => {
    const { state } = await history();
    const lines = told(state, 5);
    await state.update(Machine, "a", { spec: on });
    await state.destroy(Machine, "a");
    expect(await lines).toEqual([
      "created a off",
      "created b on",
      "bootstrapped",
      "updated a on",
      "destroyed a on",
    ]);
  });

  test("continues from a bookmark", async () => {
    const { state, start } = await history();
    expect(await told(state, 3, { from: { after: start } })).toEqual([
      "created b off",
      "created a off",
      "updated b on",
    ]);
  });

  test("begins with the last changes", async () => {
    const { state } = await history();
    expect(await told(state, 2, { from: { tail: 2 } })).toEqual(["created a off", "updated b on"]);
    expect(await told(state, 2, { from: { tail: 9 }, id: "b" })).toEqual(["created b off", "updated b on"]);
  });

  test("sees one resource only, when asked", async () => {
    const { state } = await history();
    const lines = told(state, 3, { id: "b" });
    await state.destroy(Machine, "a");
    await state.destroy(Machine, "b");
    expect(await lines).toEqual(["created b on", "bootstrapped", "destroyed b on"]);
  });

  test("tells what comes into the query's view as created, and what leaves it as destroyed", async () => {
    const { state } = await history();
    const lines = told(state, 4, { rack: "r1" });
    await state.update(Machine, "a", { labels: { rack: "r1" } });
    await state.update(Machine, "b", { labels: {} });
    expect(await lines).toEqual(["created b on", "bootstrapped", "created a off", "destroyed b on"]);
  });
});
