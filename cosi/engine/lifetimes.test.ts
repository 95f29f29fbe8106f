import { describe, expect, test } from "vitest";
import { z } from "zod";
import { sleep } from "../clock.ts";
import { resourceType } from "../resource.ts";
import { State } from "../state.ts";
import { MemoryStore } from "../stores/memory.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { controller } from "./controller.ts";
import { FaultyStore } from "./faulty-store.ts";
import { many } from "./owns.ts";
import { TestBench } from "./test-bench.ts";
import type { Wait } from "./verdict.ts";

const declare = <Schema extends z.ZodType>(type: string, spec: Schema) =>
  resourceType({ type: `${type}.test`, namespace: "test", spec });
const Machine = declare("Machines", z.object({ wanted: z.string() }));
const Status = declare("Statuses", z.object({ text: z.string() }));
const machine = (wanted: string) => ({ spec: { wanted } });
const never = new AbortController().signal;

describe("a teardown", () => {
  test("comes before the outputs go, can wait, and can fail; the primary waits for it", async () => {
    const bench = new TestBench();
    const { state, clock } = bench;
    const world = new Set<string>();
    const answers: (Wait | Error)[] = [
      { do: "wait", why: "still leaving", until: new Date(5000) },
      new Error("for the test"),
    ];
    await using running = bench.run([
      controller({
        name: "Effect",
        each: Machine,
        owns: Status,
        async reconcile({ metadata, spec }) {
          expect((await state.get(Machine, metadata.id)).metadata.finalizers).toEqual(["Effect"]);
          world.add(metadata.id);
          return spec.wanted === ""
            ? { do: "wait", why: "nothing is wanted" }
            : { do: "set", spec: { text: spec.wanted } };
        },
        async teardown({ metadata }) {
          expect(await state.find(Status, metadata.id)).toBeDefined();
          const answer = answers.shift();
          if (answer instanceof Error) throw answer;
          if (answer) return answer;
          world.delete(metadata.id);
          return { do: "remove" };
        },
      }),
    ]);
    await state.create(Machine, "a", machine("on"));
    await bench.settle();
    expect(world).toEqual(new Set(["a"]));
    let gone = false;
    const leaving = state.teardownAndDestroy(Machine, "a", never).then(() => (gone = true));
    await clock.advance(4999);
    expect([gone, running.engine.standings("Effect", "a")]).toMatchObject([
      false,
      [{ state: "wait", why: "still leaving", until: new Date(5000), since: new Date(0) }],
    ]);
    await clock.advance(1);
    expect(running.engine.standings("Effect", "a")).toMatchObject([{ state: "error", why: "for the test" }]);
    await clock.advance(1000);
    await leaving;
    expect([world.size, await state.find(Status, "a"), running.engine.standings()]).toEqual([
      0,
      undefined,
      [],
    ]);
  });

  test("is not asked of a controller that has done nothing, nor by one with nothing to lose", async () => {
    const bench = new TestBench();
    const { state } = bench;
    await using _ = bench.run([
      controller({
        name: "Waits",
        each: Machine,
        owns: Status,
        reconcile: () => ({ do: "wait", why: "for ever" }),
      }),
      controller({ name: "Looks", each: Machine, reconcile: () => ({ do: "done" }) }),
    ]);
    await state.create(Machine, "a", machine("on"));
    await bench.settle();
    await state.destroy(Machine, "a");
    await bench.settle();
    expect(bench.told).toEqual([]);
  });

  test("goes on after a restart where it had stopped", async () => {
    const bench = new TestBench();
    const { state } = bench;
    let ready = false;
    const effect = controller({
      name: "Effect",
      each: Machine,
      owns: Status,
      reconcile: () => ({ do: "set", spec: { text: "made" } }),
      teardown: () => (ready ? { do: "remove" } : { do: "wait", why: "not yet" }),
    });
    {
      await using _ = bench.run([effect]);
      await state.create(Machine, "a", machine("on"));
      await bench.settle();
      await state.teardown(Machine, "a");
      await bench.settle();
    }
    ready = true;
    await using _ = bench.run([effect]);
    await bench.settle();
    expect((await state.get(Machine, "a")).metadata.finalizers).toEqual([]);
    expect(await state.find(Status, "a")).toBeUndefined();
  });
});

describe("a slow store", () => {
  test("never has a reconcile act on what was there before our own write", async () => {
    const clock = new VirtualClock({ start: new Date(0) });
    const memory = new MemoryStore();
    const people = new State({ store: memory, clock });
    const store = new FaultyStore(memory, clock, () => 0.999);
    const bench = new TestBench(store, clock);
    const wipes: number[] = [];
    await using _ = bench.run([
      controller({
        name: "Wipe",
        each: Machine,
        reads: { status: Status },
        owns: Status,
        async reconcile({ spec }, { status }) {
          if (!status) wipes.push(clock.elapsedMs());
          await sleep(clock, 50, never);
          return { do: "set", spec: { text: `wiped, ${spec.wanted}` } };
        },
      }),
    ]);
    await clock.advance(1000);
    store.faults = { likelihood: 0, longestMs: 200 };
    await people.create(Machine, "a", machine("on"));
    await clock.advance(1000);
    // Told before the output is written, it has the key done once more before the watch tells of the output.
    await people.update(Machine, "a", machine("off"));
    await clock.advance(10_000);
    expect((await people.get(Status, "a")).spec).toEqual({ text: "wiped, off" });
    expect(wipes).toEqual([1400]);
  });
});

describe("time", () => {
  test("brings a key back at its deadline, and a past deadline does not spin", async () => {
    const bench = new TestBench();
    const { state, clock } = bench;
    const looked: number[] = [];
    await using running = bench.run([
      controller({
        name: "Look",
        each: Machine,
        reconcile: ({ spec }) => {
          looked.push(clock.elapsedMs());
          return spec.wanted === "past"
            ? { do: "fail", why: "too late", until: new Date(0) }
            : { do: "wait", why: "a while", until: new Date(clock.elapsedMs() + 60_000) };
        },
      }),
    ]);
    await state.create(Machine, "a", machine("later"));
    await clock.advance(150_000);
    expect(looked).toEqual([0, 60_000, 120_000]);
    expect(running.engine.standings()).toEqual([
      {
        controller: "Look",
        key: "a",
        state: "wait",
        why: "a while",
        since: new Date(0),
        until: new Date(180_000),
        failures: 0,
      },
    ]);
    await state.update(Machine, "a", machine("past"));
    await clock.advance(1000);
    expect(looked.length).toBe(3 + 1 + 10);
    expect(running.engine.standings("Look")).toMatchObject([{ state: "fail", why: "too late" }]);
  });

  test("runs out for a reconcile that takes too long, which is tried again only when it has really ended", async () => {
    const bench = new TestBench();
    const { state, clock } = bench;
    const log: string[] = [];
    const at = () => clock.elapsedMs();
    await using running = bench.run([
      controller({
        name: "Slow",
        each: Machine,
        timeoutMs: 1000,
        async reconcile(_machine, _inputs, { signal, failures }) {
          log.push(`${at()}: begins after ${failures} failures`);
          if (failures > 0) return { do: "done" };
          signal.addEventListener("abort", () => log.push(`${at()}: ${(signal.reason as Error).message}`));
          await sleep(clock, 5000, never);
          signal.throwIfAborted();
          return { do: "done" };
        },
      }),
    ]);
    await state.create(Machine, "a", machine("on"));
    await clock.advance(10_000);
    expect(log).toEqual([
      "0: begins after 0 failures",
      "1000: Cannot go on: this took longer than 1 s",
      "5200: begins after 1 failures",
    ]);
    expect(running.engine.metrics()["Slow"]).toMatchObject({ failures: 1, retries: 1, durationMsSum: 5000 });
  });

  test("is not spent on a controller that keeps changing its own inputs", async () => {
    const bench = new TestBench();
    const { state, clock } = bench;
    let reconciles = 0;
    await using _ = bench.run([
      controller({
        name: "Restless",
        each: Machine,
        reads: { status: Status },
        owns: Status,
        reconcile: (_machine, { status }) => {
          reconciles++;
          return { do: "set", spec: { text: `${status?.spec.text ?? ""}.`.slice(-50) + reconciles } };
        },
      }),
    ]);
    await state.create(Machine, "a", machine("on"));
    await clock.advance(60_000);
    expect(reconciles).toBeLessThan(40);
    expect(bench.told[0]).toBe(
      "Restless a: Cannot come to rest: 21 reconciles in a row have changed their own inputs",
    );
  });
});

describe("stopping", () => {
  test("awaits every reconcile, and writes nothing more", async () => {
    const bench = new TestBench();
    const { state, clock } = bench;
    let ended = 0;
    await using running = bench.run([
      controller({
        name: "Slow",
        each: Machine,
        owns: Status,
        concurrency: 2,
        async reconcile(_machine, _inputs, { signal }) {
          // One that does not listen to its signal.
          await sleep(clock, 1000, never);
          expect(signal.aborted).toBe(true);
          ended++;
          return { do: "set", spec: { text: "late" } };
        },
      }),
    ]);
    for (const id of ["a", "b", "c"]) await state.create(Machine, id, machine("on"));
    await clock.advance(500);
    running.stop();
    let stopped = false;
    void running.running.then(() => (stopped = true));
    await clock.advance(499);
    expect([ended, stopped]).toEqual([0, false]);
    await clock.run();
    expect([ended, stopped, clock.pending]).toEqual([2, true, 0]);
    expect((await state.list(Status)).resources).toEqual([]);
  });
});

test("stopping between two writes leaves the second to whoever comes next", async () => {
  const clock = new VirtualClock({ start: new Date(0) });
  const memory = new MemoryStore();
  const people = new State({ store: memory, clock });
  const store = new FaultyStore(memory, clock, () => 0.999);
  store.faults = { likelihood: 0, longestMs: 100 };
  const bench = new TestBench(store, clock);
  const pair = controller({
    name: "Pair",
    each: Machine,
    owns: many(Status),
    reconcile: () => ({ do: "set", outputs: { one: { spec: { text: "1" } }, two: { spec: { text: "2" } } } }),
  });
  const ids = async () => (await people.list(Status)).resources.map(({ metadata }) => metadata.id);
  await people.create(Machine, "a", machine("on"));
  {
    await using running = bench.run([pair]);
    while ((await ids()).length === 0) await clock.advance(10);
    running.stop();
  }
  expect(await ids()).toEqual(["one"]);
  await using _ = bench.run([pair]);
  await clock.advance(10_000);
  expect(await ids()).toEqual(["one", "two"]);
});
