import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { sleep } from "../clock.ts";
import { type Resource, resourceType } from "../resource.ts";
import { BookmarkExpired } from "../store.ts";
import { VirtualClock } from "../virtual-clock.ts";
import type { Event } from "../watch-events.ts";
import { Mirror } from "./mirror.ts";

const Thing = resourceType({ type: "Things.test", namespace: "test", spec: z.number() });
const empty = {
  namespace: Thing.namespace,
  type: Thing.type,
  owner: "",
  phase: "running",
  finalizers: [],
  labels: {},
  annotations: {},
  created: new Date(0),
  updated: new Date(0),
} as const;
const never = new AbortController().signal;

/** A store of one kind that is slow, forgets its history, and loses its watchers. */
class Shelf {
  readonly resources = new Map<string, Resource<number>>();
  readonly #clock: VirtualClock;
  #history: (Event | undefined)[] = [];
  #version = 0n;
  #cut = new AbortController();
  lists = 0;
  latencyMs = 0;
  broken = false;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async list() {
    this.lists++;
    const resources = [...this.resources.values()];
    const bookmark = String(this.#history.length);
    await sleep(this.#clock, this.latencyMs, never);
    if (this.broken) throw new Error("for the test");
    return { resources, bookmark };
  }

  async *watch(_: unknown, { from, signal }: { from: { after: string }; signal: AbortSignal }) {
    const cut = this.#cut.signal;
    for (let at = Number(from.after); !signal.aborted && !cut.aborted; ) {
      const changes = this.#history.slice(at);
      at += changes.length;
      if (changes.includes(undefined)) throw new BookmarkExpired("for the test");
      await sleep(this.#clock, (changes.length > 0 ? 1 : 5) + this.latencyMs, signal);
      if (changes.length > 0) yield changes as Event[];
    }
  }

  put(id: string, spec: number): Resource {
    const resource: Resource<number> = {
      metadata: {
        ...empty,
        id,
        version: ++this.#version,
      },
      spec,
    };
    const old = this.resources.get(id);
    const bookmark = String(this.#history.length);
    this.#history.push(
      old ? { type: "updated", resource, old, bookmark } : { type: "created", resource, bookmark },
    );
    this.resources.set(id, resource);
    return resource;
  }

  remove(id: string): Resource | undefined {
    const resource = this.resources.get(id);
    if (resource === undefined) return undefined;
    this.#version++;
    this.resources.delete(id);
    this.#history.push({ type: "destroyed", resource, bookmark: String(this.#history.length) });
    return resource;
  }

  /** Forgets all that has happened: who was not quick enough has to list again. */
  compact(): void {
    this.#history = this.#history.map(() => undefined);
  }

  /** Ends every watch. */
  cut(): void {
    this.#cut.abort();
    this.#cut = new AbortController();
  }
}

function mirrorOf(shelf: Shelf, clock: VirtualClock) {
  const told: (string | number)[] = [];
  const mirror = new Mirror({
    type: Thing,
    state: shelf as never,
    clock,
    random: () => 1,
    onFailure: (error) => told.push(String(error)),
  });
  /** What somebody knows who only hears of differences. */
  const heard = new Map<string, Resource>();
  mirror.listen(({ id, before, after }) => {
    expect(heard.get(id)).toBe(before);
    expect(after).not.toBe(before);
    // Late news is news of something that has really happened.
    if (after === undefined) expect(shelf.resources.get(id)).not.toBe(before);
    if (after) heard.set(id, after);
    else heard.delete(id);
  });
  const stop = new AbortController();
  const running = mirror.run(stop.signal);
  return {
    mirror,
    heard,
    told,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await clock.run();
      await running;
    },
  };
}

const ids = fc.constantFrom("a", "b", "c");
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      id: ids,
      ours: fc.boolean(),
      lateMs: fc.constantFrom(0, 0, 5, 20),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), id: ids, ours: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 8 }) }),
  },
  fc.record({ do: fc.constant("slow" as const), ms: fc.nat(5) }),
  fc.record({
    do: fc.constantFrom(
      "compact" as const,
      "cut" as const,
      "sync" as const,
      "break" as const,
      "mend" as const,
    ),
  }),
);

describe("a mirror", () => {
  test("shows what the store holds, and has told every difference, whatever happened on the way", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
        const clock = new VirtualClock();
        const shelf = new Shelf(clock);
        await using watching = mirrorOf(shelf, clock);
        const { mirror, heard } = watching;
        for (const [index, step] of steps.entries()) {
          if (step.do === "put") {
            const written = shelf.put(step.id, index);
            if (!step.ours) continue;
            if (step.lateMs > 0) clock.after(step.lateMs, () => mirror.observe(written));
            else mirror.observe(written);
            if (step.lateMs === 0) expect(mirror.get(step.id)).toBe(written);
          } else if (step.do === "remove") {
            const removed = shelf.remove(step.id);
            if (removed && step.ours) mirror.forget(removed);
            if (removed && step.ours) expect(mirror.get(step.id)).toBeUndefined();
          } else if (step.do === "wait") await clock.advance(step.ms);
          else if (step.do === "slow") shelf.latencyMs = step.ms;
          else if (step.do === "compact") shelf.compact();
          else if (step.do === "cut") shelf.cut();
          else if (step.do === "sync") void mirror.sync().catch(() => undefined);
          else shelf.broken = step.do === "break";
        }
        shelf.broken = false;
        await clock.advance(15_000);
        const expected = [...shelf.resources.values()].sort((a, b) =>
          a.metadata.id < b.metadata.id ? -1 : 1,
        );
        expect(mirror.all()).toEqual(expected);
        expect(mirror.all().map(({ metadata }) => heard.get(metadata.id))).toEqual(expected);
        expect(heard.size).toBe(expected.length);
      }),
      { numRuns: 150 },
    );
  });

  test("never shows our own write undone by older news", async () => {
    const clock = new VirtualClock();
    const shelf = new Shelf(clock);
    await using watching = mirrorOf(shelf, clock);
    const { mirror } = watching;
    await clock.advance(10);
    shelf.latencyMs = 50;
    const seen: (number | undefined)[] = [];
    mirror.listen(({ after }) => seen.push(after?.spec as number | undefined));
    const first = shelf.put("a", 1);
    mirror.observe(first);
    shelf.put("a", 2);
    mirror.observe(shelf.put("a", 3));
    mirror.forget(shelf.remove("a")!);
    shelf.put("a", 4);
    await clock.advance(500);
    expect(seen).toEqual([1, 3, undefined, 4]);
  });

  test("does not keep what was gone before the answer to our own write came", async () => {
    const clock = new VirtualClock();
    const shelf = new Shelf(clock);
    await using watching = mirrorOf(shelf, clock);
    const { mirror } = watching;
    const written = shelf.put("a", 1);
    await clock.advance(10);
    shelf.remove("a");
    await clock.advance(10);
    mirror.observe(written);
    await clock.advance(10_000);
    expect(mirror.get("a")).toBeUndefined();
    await clock.advance(60_000);
    expect(shelf.lists).toBe(2);
  });

  test("lets a list take away what was gone, though the answer to an older write of our own comes meanwhile", async () => {
    const clock = new VirtualClock();
    const shelf = new Shelf(clock);
    await using watching = mirrorOf(shelf, clock);
    const { mirror } = watching;
    const written = shelf.put("a", 1);
    shelf.put("a", 2);
    await clock.advance(10);
    expect(mirror.get("a")?.spec).toBe(2);
    shelf.latencyMs = 20;
    shelf.remove("a");
    const synced = mirror.sync();
    await clock.advance(10);
    mirror.observe(written);
    await clock.advance(20);
    await synced;
    expect(mirror.get("a")).toBeUndefined();
  });

  test("is in sync only with what the store held when that was asked for", async () => {
    const clock = new VirtualClock();
    const shelf = new Shelf(clock);
    shelf.latencyMs = 20;
    await using watching = mirrorOf(shelf, clock);
    const { mirror } = watching;
    const seen: unknown[] = [];
    shelf.put("a", 1);
    void mirror.sync().then(() => seen.push(["first", mirror.get("a")?.spec]));
    await clock.advance(10);
    shelf.put("a", 2);
    void mirror.sync().then(() => seen.push(["second", mirror.get("a")?.spec]));
    void mirror.sync().then(() => seen.push(["third", mirror.get("a")?.spec]));
    await clock.advance(100);
    expect(seen).toEqual([
      ["first", 1],
      ["second", 2],
      ["third", 2],
    ]);
    expect(shelf.lists).toBe(2);
    shelf.put("a", 3);
    void mirror.sync().then(() => seen.push(["fourth", mirror.get("a")?.spec]));
    await clock.advance(20);
    expect(seen.at(-1)).toEqual(["fourth", 3]);
    expect(watching.told).toEqual([]);
  });

  test("lists again at once when its place in history is gone, and tells what was missed", async () => {
    const clock = new VirtualClock();
    const shelf = new Shelf(clock);
    shelf.put("a", 1);
    shelf.put("b", 1);
    await using watching = mirrorOf(shelf, clock);
    const { mirror, told } = watching;
    await clock.advance(10);
    const seen: [string, unknown][] = [];
    mirror.listen(({ id, after }) => seen.push([id, after?.spec]));
    shelf.remove("a");
    shelf.put("b", 2);
    shelf.put("c", 1);
    shelf.compact();
    await clock.advance(10);
    expect(new Map(seen)).toEqual(
      new Map([
        ["a", undefined],
        ["b", 2],
        ["c", 1],
      ]),
    );
    expect(told).toEqual([]);
  });

  test("lets whoever waits for it know that it has stopped", async () => {
    const clock = new VirtualClock();
    const shelf = new Shelf(clock);
    shelf.broken = true;
    const watching = mirrorOf(shelf, clock);
    const waiting = expect(watching.mirror.sync()).rejects.toThrow("aborted");
    await clock.advance(10);
    await watching[Symbol.asyncDispose]();
    await waiting;
    expect(watching.told).toEqual(["Error: for the test"]);
  });
});
