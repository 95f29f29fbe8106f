import { z } from "zod";
import type { BenchModule, Comparison } from "../../workshop/bench.ts";
import { resourceType } from "../resource.ts";
import { State } from "../state.ts";
import { MemoryStore } from "../stores/memory.ts";
import { systemClock } from "../system-clock.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { controller } from "./controller.ts";
import { runtime } from "./runtime.ts";

const declare = <Schema extends z.ZodType>(type: string, spec: Schema) =>
  resourceType({ type: `${type}.bench`, namespace: "bench", spec });
const Machine = declare("Machines", z.object({ wanted: z.number() }));
const Input = declare("Inputs", z.object({ value: z.number() }));
const Status = declare("Statuses", z.object({ sum: z.number() }));

/** `npm run bench -- engine [KEYS]`: one controller, one input and one output a key, in the memory store. */
export const bench: BenchModule["bench"] = async ({ log, args }) => {
  const keys = Number(args[0] ?? 10_000);
  const timers = await timersPerSecond();
  const bare = await withoutEngine(keys);
  const { first, unchanged, changed, latencyMs, megabytes } = await withEngine(keys);
  log(`${keys} keys: ${megabytes.toFixed(0)} MB more heap with everything mirrored`);
  const perSecond = { unit: "keys/s", better: "higher" } as const;
  const comparisons: Comparison[] = [
    { name: "virtual clock (peer: goal)", unit: "moments/s", better: "higher", ours: timers, peer: 200_000 },
    { name: "one change to its output (peer: goal)", unit: "ms", better: "lower", ours: latencyMs, peer: 1 },
    { name: "nothing to write (peer: goal)", ...perSecond, ours: unchanged, peer: 100_000 },
    {
      name: "output updated (peer: the same writes without an engine)",
      ...perSecond,
      ours: changed,
      peer: bare.updates,
    },
    {
      name: "hold and output made (peer: the same writes without an engine)",
      ...perSecond,
      ours: first,
      peer: bare.creates,
    },
  ];
  return comparisons;
};

async function withEngine(keys: number) {
  const state = new State({ store: new MemoryStore(), clock: systemClock });
  await fill(state, keys);
  let done = 0;
  let goal = keys;
  let reached = Promise.withResolvers<void>();
  const engine = runtime({
    state,
    clock: systemClock,
    random: Math.random,
    log: { info: () => undefined, warn: (message, facts) => console.error(message, facts) },
    controllers: [
      controller({
        name: "Sum",
        each: Machine,
        reads: { input: Input },
        owns: Status,
        concurrency: 16,
        reconcile: (machine, { input }) => {
          if (++done === goal) reached.resolve();
          return { do: "set", spec: { sum: machine.spec.wanted + (input?.spec.value ?? 0) } };
        },
      }),
    ],
  });
  const reconciled = async (count: number, work: () => unknown): Promise<number> => {
    done = 0;
    goal = count;
    reached = Promise.withResolvers<void>();
    const began = performance.now();
    await work();
    await reached.promise;
    const tookMs = performance.now() - began;
    // The last ones are still being written.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return (count * 1000) / tookMs;
  };
  const heap = process.memoryUsage().heapUsed;
  const stop = new AbortController();
  let running = Promise.resolve();
  const first = await reconciled(keys, () => {
    running = engine.run(stop.signal);
  });
  const megabytes = (process.memoryUsage().heapUsed - heap) / 1e6;

  const touch = (value: number) => async () => {
    for (let key = 0; key < keys; key++) {
      await state.update(Input, `m${key}`, { spec: { value }, labels: { value: `${value}` } });
    }
  };
  const changing = async (value: number) => {
    const began = performance.now();
    await touch(value)();
    return performance.now() - began;
  };
  const writesMs = await changing(0);
  // The writes of the inputs are not the engine's work.
  const rate = (perSecond: number) => keys / (keys / perSecond - writesMs / 1000);
  const changed = rate(await reconciled(keys, touch(1)));
  const unchanged = rate(
    await reconciled(keys, async () => {
      for (let key = 0; key < keys; key++) await state.update(Input, `m${key}`, { labels: { value: "x" } });
    }),
  );

  const latencies: number[] = [];
  const watch = state.watch(Status, { from: "now", signal: stop.signal });
  const heard = watch[Symbol.asyncIterator]();
  for (let round = 0; round < 500; round++) {
    const next = heard.next();
    const began = performance.now();
    await state.update(Input, "m0", { spec: { value: round + 100 } });
    await next;
    latencies.push(performance.now() - began);
  }
  stop.abort();
  await running;
  return { first, unchanged, changed, latencyMs: median(latencies), megabytes };
}

async function withoutEngine(keys: number) {
  const state = new State({ store: new MemoryStore(), clock: systemClock });
  await fill(state, keys);
  const statuses = state.as("Sum");
  const creates = await rateOf(keys, async (id) => {
    await state.addFinalizer(Machine, id, "Sum");
    await statuses.create(Status, id, { spec: { sum: 1 } });
  });
  const updates = await rateOf(keys, (id) => statuses.update(Status, id, { spec: { sum: 2 } }));
  return { creates, updates };
}

async function rateOf(keys: number, write: (id: string) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  for (let key = 0; key < keys; key++) await write(`m${key}`);
  return (keys * 1000) / (performance.now() - began);
}

async function fill(state: State, keys: number): Promise<void> {
  for (let key = 0; key < keys; key++) {
    await state.create(Machine, `m${key}`, { spec: { wanted: key } });
    await state.create(Input, `m${key}`, { spec: { value: 0 } });
  }
}

/** How many moments with one timer each pass in a second of ours. */
async function timersPerSecond(): Promise<number> {
  const clock = new VirtualClock();
  const moments = 100_000;
  let left = moments;
  const tick = () => {
    if (--left > 0) clock.after(1000, tick);
  };
  tick();
  const began = performance.now();
  await clock.run();
  return (moments * 1000) / (performance.now() - began);
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
