import { describe, expect, test } from "vitest";
import { z } from "zod";
import { resourceType } from "../resource.ts";
import { collectionController, controller } from "./controller.ts";
import { many, shared } from "./owns.ts";
import { all, namedBy, naming, same, the } from "./reads.ts";
import { TestBench } from "./test-bench.ts";

const declare = <Schema extends z.ZodType>(type: string, spec: Schema) =>
  resourceType({ type: `${type}.test`, namespace: "test", spec });
const Machine = declare("Machines", z.object({ profile: z.string().optional() }));
const Profile = declare("Profiles", z.object({ image: z.string() }));
const Event = declare("Events", z.object({ machine: z.string() }));
const Status = declare("Statuses", z.object({ text: z.string() }));
const Part = declare("Parts", z.object({ text: z.string() }));

async function texts(
  bench: TestBench,
  type: typeof Status | typeof Part = Status,
): Promise<Record<string, string>> {
  const { resources } = await bench.state.list(type);
  return Object.fromEntries(resources.map(({ metadata, spec }) => [metadata.id, spec.text]));
}

const machine = (profile?: string) => ({ spec: profile === undefined ? {} : { profile } });

describe("outputs", () => {
  test("follow their primary from its creation to its end", async () => {
    const bench = new TestBench();
    const { state } = bench;
    await using _ = bench.run([
      controller({
        name: "Echo",
        each: Machine,
        owns: Status,
        reconcile: (machine) =>
          machine.spec.profile ? { do: "set", spec: { text: machine.spec.profile } } : { do: "remove" },
      }),
    ]);
    await state.create(Machine, "a", machine("one"));
    await state.create(Machine, "b", machine());
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "one" });
    expect((await state.get(Status, "a")).metadata).toMatchObject({ owner: "Echo", phase: "running" });
    expect((await state.get(Machine, "a")).metadata.finalizers).toEqual(["Echo"]);
    expect((await state.get(Machine, "b")).metadata.finalizers).toEqual([]);

    await state.update(Machine, "a", machine("two"));
    await state.update(Machine, "b", machine("three"));
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "two", b: "three" });

    await state.update(Machine, "a", machine());
    const leaving = state.teardownAndDestroy(Machine, "b", AbortSignal.timeout(10_000));
    await bench.settle();
    await leaving;
    expect(await texts(bench)).toEqual({});
  });

  test("are written once, not again for the same verdict, and restored when somebody takes them away", async () => {
    const bench = new TestBench();
    const { state } = bench;
    let reconciles = 0;
    await using running = bench.run([
      controller({
        name: "Echo",
        each: Machine,
        reads: { events: all(Event) },
        owns: Status,
        reconcile: () => {
          reconciles++;
          return { do: "set", spec: { text: "same" }, labels: { a: "b" } };
        },
      }),
    ]);
    await state.create(Machine, "a", machine());
    await bench.settle();
    const { metadata } = await state.get(Status, "a");
    expect([reconciles, metadata.labels]).toEqual([1, { a: "b" }]);
    await state.create(Event, "1", { spec: { machine: "a" } });
    await bench.settle();
    expect([reconciles, (await state.get(Status, "a")).metadata.version]).toEqual([2, metadata.version]);
    expect(running.engine.metrics()["Echo"]).toMatchObject({
      reconciles: 2,
      writes: 2,
      verdicts: { set: 2 },
    });

    await state.as("Echo").destroy(Status, "a");
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "same" });
    await state.as("Echo").update(Status, "a", { spec: { text: "different" } });
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "same" });
  });

  test("of one key are all that its verdict names, and no others", async () => {
    const bench = new TestBench();
    const { state } = bench;
    const split = controller({
      name: "Split",
      each: Machine,
      owns: { status: Status, parts: many(Part) },
      reconcile: ({ metadata, spec: { profile = "" } }) => ({
        do: "set",
        outputs: {
          status: profile.length > 2 ? { spec: { text: "long" } } : undefined,
          parts: Object.fromEntries(
            profile.split("").map((text) => [`${metadata.id}-${text}`, { spec: { text } }]),
          ),
        },
      }),
    });
    {
      await using _ = bench.run([split]);
      await state.create(Machine, "a", machine("xyz"));
      await state.create(Machine, "b", machine("y"));
      await bench.settle();
      expect(await texts(bench, Part)).toEqual({ "a-x": "x", "a-y": "y", "a-z": "z", "b-y": "y" });
      expect(await texts(bench)).toEqual({ a: "long" });
      await state.update(Machine, "a", machine("vy"));
      await bench.settle();
      expect(await texts(bench, Part)).toEqual({ "a-v": "v", "a-y": "y", "b-y": "y" });
      expect(await texts(bench)).toEqual({});
    }
    // While nobody works here, one changes, and one goes without waiting for anybody.
    await state.update(Machine, "b", machine("w"));
    await state.removeFinalizer(Machine, "a", "Split");
    await state.destroy(Machine, "a");
    await using _ = bench.run([split]);
    await bench.settle();
    expect(await texts(bench, Part)).toEqual({ "b-w": "w" });
  });

  test("of several controllers share a type, but never a resource", async () => {
    const bench = new TestBench();
    const { state } = bench;
    const layer = (name: string, id: (machine: string) => string) =>
      controller({
        name,
        each: Machine,
        owns: shared(many(Part)),
        reconcile: ({ metadata }) => ({
          do: "set",
          outputs: { [id(metadata.id)]: { spec: { text: name } } },
        }),
      });
    await using running = bench.run([
      layer("Low", (id) => `low-${id}`),
      layer("High", (id) => `high-${id}`),
      layer("Thief", (id) => `low-${id}`),
      layer("Clumsy", () => "always this"),
    ]);
    await state.create(Machine, "a", machine());
    await bench.settle();
    await state.create(Machine, "b", machine());
    await bench.settle();
    expect(await texts(bench, Part)).toEqual({
      "always this": "Clumsy",
      "high-a": "High",
      "high-b": "High",
      "low-a": "Low",
      "low-b": "Low",
    });
    expect(running.engine.standings("Thief", "a")).toMatchObject([
      { state: "error", why: "Cannot write Parts.test low-a: it belongs to Low" },
    ]);
    expect(running.engine.standings("Clumsy", "b")).toMatchObject([
      { state: "error", why: "Cannot write Parts.test always this for b: it was made for a" },
    ]);
  });

  test("that somebody still holds go only when they are let go, and come back if they are wanted again", async () => {
    const bench = new TestBench();
    const { state } = bench;
    await using running = bench.run([
      controller({
        name: "Echo",
        each: Machine,
        owns: Status,
        reconcile: ({ spec: { profile } }) =>
          profile ? { do: "set", spec: { text: profile } } : { do: "remove" },
      }),
    ]);
    await state.create(Machine, "a", machine("one"));
    await bench.settle();
    await state.addFinalizer(Status, "a", "Somebody");
    await state.update(Machine, "a", machine());
    await bench.settle();
    expect((await state.get(Status, "a")).metadata.phase).toBe("tearingDown");
    expect(running.engine.standings("Echo", "a")).toMatchObject([
      { state: "wait", why: "Somebody has not yet let go of Statuses.test a" },
    ]);
    await state.update(Machine, "a", machine("two"));
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "one" });
    await state.removeFinalizer(Status, "a", "Somebody");
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "two" });
    expect((await state.get(Status, "a")).metadata.phase).toBe("running");
  });
});

describe("inputs", () => {
  test("come by their id, by being named, by naming, all together, and by a fixed id", async () => {
    const bench = new TestBench();
    const { state } = bench;
    const reconciled: string[] = [];
    await using _ = bench.run([
      controller({
        name: "Join",
        each: Machine,
        reads: {
          part: Part,
          profile: namedBy(Machine, Profile, (machine) => machine.spec.profile),
          events: naming(Event, (event) => [event.spec.machine]),
          fixed: the(Profile, "fixed"),
        },
        owns: Status,
        reconcile(machine, { part, profile, events, fixed }) {
          reconciled.push(machine.metadata.id);
          const ids = events.map(({ metadata }) => metadata.id);
          const text = [part?.spec.text, profile?.spec.image, ids.join("+"), fixed?.spec.image].join(" ");
          return { do: "set", spec: { text } };
        },
      }),
    ]);
    const changed = async (change: () => Promise<unknown>) => {
      reconciled.length = 0;
      await change();
      await bench.settle();
      return reconciled.toSorted();
    };
    await state.create(Machine, "a", machine("p"));
    await state.create(Machine, "b", machine("q"));
    await state.create(Machine, "c", machine());
    await bench.settle();
    expect(await changed(() => state.create(Part, "a", { spec: { text: "part" } }))).toEqual(["a"]);
    expect(await changed(() => state.create(Profile, "p", { spec: { image: "P" } }))).toEqual(["a"]);
    expect(await changed(() => state.create(Event, "2", { spec: { machine: "b" } }))).toEqual(["b"]);
    expect(await changed(() => state.create(Event, "1", { spec: { machine: "b" } }))).toEqual(["b"]);
    expect(await changed(() => state.create(Event, "3", { spec: { machine: "nobody" } }))).toEqual([]);
    expect(await texts(bench)).toEqual({ a: "part P  ", b: "  1+2 ", c: "   " });

    expect(await changed(() => state.update(Event, "2", { spec: { machine: "c" } }))).toEqual(["b", "c"]);
    expect(await changed(() => state.update(Machine, "b", machine("p")))).toEqual(["b"]);
    expect(await changed(() => state.update(Profile, "p", { spec: { image: "PP" } }))).toEqual(["a", "b"]);
    expect(await changed(() => state.create(Profile, "fixed", { spec: { image: "F" } }))).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(await texts(bench)).toEqual({ a: "part PP  F", b: " PP 1 F", c: "  2 F" });

    expect(await changed(() => state.destroy(Profile, "p"))).toEqual(["a", "b"]);
    expect(await changed(() => state.destroy(Event, "1"))).toEqual(["b"]);
    expect(await texts(bench)).toEqual({ a: "part   F", b: "   F", c: "  2 F" });
  });

  test("count as gone while they are being torn down, unless they are asked for even then", async () => {
    const bench = new TestBench();
    const { state } = bench;
    await using _ = bench.run([
      controller({
        name: "Join",
        each: Machine,
        reads: { here: Part, leaving: same(Part, { leaving: true }) },
        owns: Status,
        reconcile: (_machine, { here, leaving }) => ({
          do: "set",
          spec: {
            text: `${here ? "here" : "gone"}, ${leaving?.metadata.phase ?? "gone"} ${leaving?.metadata.finalizers.join("+") ?? ""}`,
          },
        }),
      }),
    ]);
    await state.create(Machine, "a", machine());
    await state.create(Part, "a", { spec: { text: "" } }, { finalizers: ["Somebody"] });
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "here, running Somebody" });
    await state.teardown(Part, "a");
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "gone, tearingDown Somebody" });
    await state.removeFinalizer(Part, "a", "Somebody");
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "gone, tearingDown " });
    await state.destroy(Part, "a");
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "gone, gone " });
  });

  test("do not change when only somebody begins or ceases to hold them", async () => {
    const bench = new TestBench();
    const { state } = bench;
    let reconciles = 0;
    await using _ = bench.run([
      controller({
        name: "Count",
        each: Machine,
        reads: { part: Part, parts: all(Part) },
        reconcile: () => {
          reconciles++;
          return { do: "done" };
        },
      }),
    ]);
    await state.create(Part, "a", { spec: { text: "" } });
    await state.create(Machine, "a", machine());
    await bench.settle();
    await state.addFinalizer(Part, "a", "Somebody");
    await state.addFinalizer(Machine, "a", "Somebody");
    await bench.settle();
    await state.removeFinalizer(Part, "a", "Somebody");
    await state.removeFinalizer(Machine, "a", "Somebody");
    await bench.settle();
    expect(reconciles).toBe(1);
    await state.update(Part, "a", { labels: { a: "b" } });
    await bench.settle();
    expect(reconciles).toBe(2);
  });

  test("of a controller over collections are whole collections", async () => {
    const bench = new TestBench();
    const { state } = bench;
    const layer = (name: string, text: string) => state.create(Part, name, { spec: { text } });
    await using _ = bench.run([
      collectionController({
        name: "Merge",
        reads: { layers: all(Part), fixed: the(Profile, "fixed") },
        owns: { merged: many(Status), count: the(Event, "count") },
        reconcile: ({ layers, fixed }) => ({
          do: "set",
          outputs: {
            merged: Object.fromEntries(
              layers.map(({ spec, metadata }) => [
                spec.text,
                { spec: { text: `${metadata.id} ${fixed?.spec.image}` } },
              ]),
            ),
            count: { spec: { machine: String(layers.length) } },
          },
        }),
      }),
    ]);
    await layer("1", "x");
    await layer("2", "y");
    await layer("3", "x");
    await state.create(Profile, "fixed", { spec: { image: "F" } });
    await bench.settle();
    expect(await texts(bench)).toEqual({ x: "3 F", y: "2 F" });
    expect((await state.get(Event, "count")).spec).toEqual({ machine: "3" });
    await state.destroy(Part, "2");
    await state.destroy(Part, "3");
    await bench.settle();
    expect(await texts(bench)).toEqual({ x: "1 F" });
  });

  test("that cannot be joined are reported, and nothing else suffers", async () => {
    const bench = new TestBench();
    const { state } = bench;
    await using _ = bench.run([
      controller({
        name: "Join",
        each: Machine,
        reads: {
          events: naming(Event, ({ spec }) => {
            if (spec.machine === "") throw new Error("for the test");
            return [spec.machine];
          }),
        },
        owns: Status,
        reconcile: (_, { events }) => ({ do: "set", spec: { text: String(events.length) } }),
      }),
    ]);
    await state.create(Machine, "a", machine());
    await state.create(Event, "1", { spec: { machine: "" } });
    await state.create(Event, "2", { spec: { machine: "a" } });
    await bench.settle();
    expect(await texts(bench)).toEqual({ a: "1" });
    expect(bench.told).toEqual(["Join cannot tell what belongs to Events.test 1"]);
  });
});
