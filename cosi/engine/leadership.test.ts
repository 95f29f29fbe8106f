import { describe, expect, test } from "vitest";
import { z } from "zod";
import { sleep } from "../clock.ts";
import { resourceType } from "../resource.ts";
import type { Store } from "../store.ts";
import { controller } from "./controller.ts";
import type { Leadership } from "./leadership.ts";
import { TestBench } from "./test-bench.ts";

const Machine = resourceType({
  type: "Machines.test",
  namespace: "test",
  spec: z.object({ wanted: z.string() }),
});
const Status = resourceType({
  type: "Statuses.test",
  namespace: "test",
  spec: z.object({ text: z.string() }),
});
const machine = (wanted: string) => ({ spec: { wanted } });
const never = new AbortController().signal;

/** Gives each name to one process at a time, first come first served, and takes it away when told. */
class Referee implements Leadership {
  readonly #held = new Map<string, AbortController>();
  readonly #fenced = new Set<AbortController>();
  readonly #waiting: (() => void)[] = [];

  async acquire(name: string, signal: AbortSignal) {
    while (this.#held.has(name)) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener("abort", () => resolve());
      });
    }
    signal.throwIfAborted();
    const lost = new AbortController();
    this.#held.set(name, lost);
    const release = async () => {
      if (this.#held.get(name) === lost) this.#held.delete(name);
      for (const wake of this.#waiting.splice(0)) wake();
    };
    return {
      signal: lost.signal,
      fenced: fence(() => this.#fenced.has(lost)),
      [Symbol.asyncDispose]: release,
    };
  }

  /** The holder is out of touch: it has to stop, and somebody else may lead. */
  lose(name: string): void {
    this.#held.get(name)?.abort(new Error("the lease is lost"));
    this.#passOn(name);
  }

  /** The holder sleeps: it does not know that its lease is lost. Returns what wakes it. */
  loseUnnoticed(name: string): () => void {
    const holder = this.#held.get(name)!;
    this.#fenced.add(holder);
    this.#passOn(name);
    return () => holder.abort(new Error("the lease is lost"));
  }

  #passOn(name: string): void {
    this.#held.delete(name);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A view of a store that refuses writes when told to. */
const fence = (closed: () => boolean) => (store: Store) =>
  new Proxy(store, {
    get(target, name) {
      if ((name === "put" || name === "remove") && closed())
        throw new Error("Cannot write: the lease is lost");
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });

const slowEcho = (bench: TestBench, process: string, log: string[]) =>
  controller({
    name: "Echo",
    each: Machine,
    owns: Status,
    async reconcile({ spec }, _inputs, { signal }) {
      log.push(`${process} begins ${spec.wanted}`);
      await sleep(bench.clock, 1000, never);
      log.push(`${process} ends ${spec.wanted}${signal.aborted ? ", too late" : ""}`);
      return { do: "set", spec: { text: `${spec.wanted} by ${process}` } };
    },
  });

describe("leadership", () => {
  test("has each controller run in one process, and another take over when that one stops", async () => {
    const bench = new TestBench();
    const { state, clock } = bench;
    const referee = new Referee();
    const log: string[] = [];
    const first = bench.run([slowEcho(bench, "first", log)], referee);
    await using second = bench.run([slowEcho(bench, "second", log)], referee);
    await state.create(Machine, "a", machine("on"));
    await clock.advance(5000);
    expect([first, second].map(({ engine }) => engine.metrics()["Echo"]!.leading)).toEqual([1, 0]);
    await state.update(Machine, "a", machine("off"));
    await clock.advance(500);
    first.stop();
    await clock.advance(5000);
    await first.running;
    expect(log).toEqual([
      "first begins on",
      "first ends on",
      "first begins off",
      "first ends off, too late",
      "second begins off",
      "second ends off",
    ]);
    expect((await state.get(Status, "a")).spec).toEqual({ text: "off by second" });
  });

  test("that is lost keeps the old leader from writing what it was about to", async () => {
    const bench = new TestBench();
    const { state, clock } = bench;
    const referee = new Referee();
    const log: string[] = [];
    await using first = bench.run([slowEcho(bench, "first", log)], referee);
    await using second = bench.run([slowEcho(bench, "second", log)], referee);
    await state.create(Machine, "a", machine("on"));
    await clock.advance(500);
    referee.lose("Echo");
    await clock.advance(10_000);
    expect(log).toEqual(["first begins on", "second begins on", "first ends on, too late", "second ends on"]);
    expect((await state.get(Status, "a")).spec).toEqual({ text: "on by second" });
    expect([first, second].map(({ engine }) => engine.metrics()["Echo"]!.leading)).toEqual([0, 1]);

    referee.lose("Echo");
    await clock.advance(10_000);
    expect(log.slice(4)).toEqual(["first begins on", "first ends on"]);
    expect((await state.get(Status, "a")).spec).toEqual({ text: "on by first" });
    expect(bench.told).toEqual([]);
  });

  test("that is lost without the leader noticing keeps it from writing all the same", async () => {
    const bench = new TestBench();
    const { state, clock } = bench;
    const referee = new Referee();
    await using first = bench.run([slowEcho(bench, "first", [])], referee);
    await using second = bench.run([slowEcho(bench, "second", [])], referee);
    await state.create(Machine, "a", machine("on"));
    await clock.advance(500);
    const notice = referee.loseUnnoticed("Echo");
    await clock.advance(700);
    expect(bench.told).toEqual(["Echo a: Cannot write: the lease is lost"]);
    const leaders = () => [first, second].map(({ engine }) => engine.metrics()["Echo"]!.leading);
    expect(leaders()).toEqual([1, 1]);
    notice();
    await clock.advance(10_000);
    expect(leaders()).toEqual([0, 1]);
    expect((await state.get(Status, "a")).spec).toEqual({ text: "on by second" });
  });
});
