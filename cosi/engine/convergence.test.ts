// Random small systems of controllers, over a bad network, stopped and killed at random moments while people change
// things: once the faults stop, what is there is what a fresh start would have made of it.
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { sleep } from "../clock.ts";
import { type Resource, type ResourceType, resourceType } from "../resource.ts";
import { State } from "../state.ts";
import { NotFound, PendingFinalizers, PhaseConflict } from "../state-errors.ts";
import type { Draft, Expected, Store } from "../store.ts";
import { MemoryStore } from "../stores/memory.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { type Controller, collectionController, controller } from "./controller.ts";
import { FaultyStore } from "./faulty-store.ts";
import { many } from "./owns.ts";
import { all, namedBy, naming, type Read, same } from "./reads.ts";
import { runtime } from "./runtime.ts";

const Spec = z.object({ value: z.number() });
const declare = (name: string) => resourceType({ type: `${name}.test`, namespace: "test", spec: Spec });
type Type = ReturnType<typeof declare>;
/** What people write. */
const asked = [declare("As"), declare("Bs")];
/** What controller number i makes. */
const made = [0, 1, 2, 3].map((index) => declare(`Made${index}`));
const ids = ["a", "b", "c"] as const;
const never = new AbortController().signal;

const controllerShape = fc.record({
  over: fc.constantFrom("each" as const, "each" as const, "collection" as const),
  primary: fc.nat(),
  reads: fc.array(fc.record({ type: fc.nat(), join: fc.constantFrom("same", "named", "naming", "all") }), {
    maxLength: 3,
    size: "max",
  }),
  many: fc.boolean(),
  teardown: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 3 }),
});
type ControllerShape = typeof controllerShape extends fc.Arbitrary<infer Shape> ? Shape : never;

const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      type: fc.nat(1),
      id: fc.constantFrom(...ids),
      value: fc.nat(5),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("remove" as const),
      type: fc.nat(1),
      id: fc.constantFrom(...ids),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(400) }) },
  fc.record({ do: fc.constant("force" as const), type: fc.nat(1), id: fc.constantFrom(...ids) }),
  fc.record({ do: fc.constantFrom("stop" as const, "kill" as const) }),
);

const scenario = fc.record({
  shapes: fc.array(controllerShape, { minLength: 1, maxLength: made.length, size: "max" }),
  events: fc.array(event, { maxLength: 40, size: "max" }),
  seed: fc.integer(),
  faults: fc.record({ likelihood: fc.constantFrom(0, 0.05, 0.2), longestMs: fc.constantFrom(0, 3, 40) }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

const digest = (value: unknown) => createHash("sha1").update(JSON.stringify(value)).digest().readUInt32BE();
const told = (resource: Resource | undefined) => resource && [resource.metadata.id, resource.spec];

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What one run of a system has to do with: its store, and the world that controllers with a teardown act on. */
class World {
  readonly clock = new VirtualClock({ start: new Date(0) });
  readonly store: Store = new MemoryStore({ history: 20 });
  readonly people = new State({ store: this.store, clock: this.clock });
  readonly random: () => number;
  readonly effects = new Set<string>();
  readonly trace: string[] = [];
  readonly atWork = new Set<string>();
  /** Reconciles of one key that overlapped, writes to what is not owned. */
  readonly trespasses: string[] = [];
  faults = { likelihood: 0, longestMs: 0 };

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  /** Destroys what others still need: they never get to clean up after it. */
  async force(type: Type, id: string): Promise<void> {
    const resource = await this.people.find(type, id);
    if (resource === undefined) return;
    for (const name of resource.metadata.finalizers) await this.people.removeFinalizer(type, id, name);
    await this.people.destroy(type, id).catch((error: unknown) => {
      // Somebody was faster: it is gone, or held again.
      if (!(error instanceof PendingFinalizers)) expect(error).toBeInstanceOf(NotFound);
    });
  }

  async work<T>(place: string, decide: () => T): Promise<T> {
    if (this.atWork.has(place)) this.trespasses.push(`two at work on ${place}`);
    this.atWork.add(place);
    try {
      this.trace.push(`${this.clock.elapsedMs()} ${place}`);
      const delayMs = Math.floor(this.random() * this.faults.longestMs);
      if (delayMs > 0) await sleep(this.clock, delayMs, never);
      if (this.random() < this.faults.likelihood) throw new Error("for the test");
      return decide();
    } finally {
      this.atWork.delete(place);
    }
  }
}

function controllersOf(shapes: readonly ControllerShape[], world: World): Controller[] {
  return shapes.map((shape, index) => {
    const name = `C${index}`;
    // Only what people write, or what an earlier one makes: what comes of it is then one and the same.
    const sources: readonly Type[] = [...asked, ...made.slice(0, index)];
    const source = (choice: number) => sources[choice % sources.length]!;
    const primary = source(shape.primary);
    const own = made[index]!;
    const common = { name, concurrency: shape.concurrency };
    /** Some keys have no output, and some have several. */
    const outputs = (key: string, inputs: unknown) => {
      const hash = digest([key, inputs]);
      return Array.from({ length: hash % 4 }, (_, number) => ({
        id: shape.many ? `${name}${key}${number}` : key,
        spec: { value: (hash >> 4) % (5 + number) },
      }));
    };
    const verdict = (key: string, inputs: unknown) => {
      const wanted = outputs(key, inputs);
      if (wanted.length === 0) return { do: "remove" } as const;
      return {
        do: "set",
        outputs: Object.fromEntries(wanted.map(({ id, spec }) => [id, { spec }])),
      } as const;
    };
    const inputsOf = (inputs: object) =>
      Object.values(inputs).map((input: Resource | Resource[] | undefined) =>
        Array.isArray(input) ? input.map(told) : told(input),
      );
    if (shape.over === "collection") {
      const reads = Object.fromEntries(
        [{ type: shape.primary }, ...shape.reads].map(({ type }, read) => [`read${read}`, all(source(type))]),
      );
      return collectionController({
        ...common,
        reads,
        owns: many(own),
        reconcile: (inputs) => world.work(name, () => verdict("", inputsOf(inputs))),
      });
    }
    const joins: Record<string, (type: Type) => Read<Type>> = {
      same: (type) => same(type),
      named: (type) => namedBy(primary, type, ({ spec }) => ids[spec.value % 4]),
      naming: (type) => naming(type, ({ spec }) => ids.slice(spec.value % 3)),
      all: (type) => all(type),
    };
    const reads = Object.fromEntries(
      shape.reads.map(({ type, join }, read) => [`read${read}`, joins[join]!(source(type))]),
    );
    const place = ({ metadata }: Resource) => `${name} ${metadata.id}`;
    const teardown = (resource: Resource) =>
      world.work(place(resource), () => {
        world.effects.delete(place(resource));
        return { do: "remove" } as const;
      });
    const reconcile = (resource: Resource, inputs: object) => {
      if (shape.teardown) world.effects.add(place(resource));
      return world.work(place(resource), () =>
        verdict(resource.metadata.id, [told(resource), inputsOf(inputs)]),
      );
    };
    return controller({
      ...common,
      each: primary,
      reads,
      owns: many(own),
      reconcile,
      ...(shape.teardown ? { teardown } : {}),
    });
  });
}

/** Controllers at work in a process of their own, with its own connection to the store. */
function start(world: World, controllers: readonly Controller[]) {
  const connection = new FaultyStore(world.store, world.clock, world.random);
  connection.faults = world.faults;
  connection.onPut = (draft, expected) => mayWrite(world, draft, expected);
  const engine = runtime({
    state: new State({ store: connection, clock: world.clock }),
    clock: world.clock,
    controllers,
    random: world.random,
    log: { info: () => undefined, warn: () => undefined },
  });
  const stop = new AbortController();
  const running = engine.run(stop.signal);
  return {
    connection,
    async stop() {
      stop.abort();
      let stopped = false;
      void running.then(() => (stopped = true));
      await world.clock.run(() => stopped);
      await running;
    },
  };
}

/** A controller writes what it owns, and of what it does not own the finalizers. */
async function mayWrite(world: World, { metadata, spec }: Draft, expected: Expected): Promise<void> {
  const index = made.findIndex(({ type }) => type === metadata.type);
  const before = await world.store.get(metadata);
  if ((before?.metadata.version ?? "absent") !== expected) return;
  const unowned = metadata.owner !== (index < 0 ? "" : `C${index}`);
  const changed = index < 0 && !isDeepStrictEqual(before?.spec, spec);
  if (unowned || changed) world.trespasses.push(`${metadata.type} ${metadata.id}`);
}

async function contents(world: World, types: readonly ResourceType[]) {
  const listings = await Promise.all(types.map((type) => world.people.list(type)));
  return listings.flatMap(({ resources }) =>
    resources.map(({ spec, metadata: { type, id, owner, phase } }) => ({ type, id, owner, phase, spec })),
  );
}

/** Lives through the scenario, then lets everything come to rest. */
async function live({ shapes, events, seed, faults }: Scenario): Promise<World> {
  const world = new World(seed);
  world.faults = faults;
  const controllers = controllersOf(shapes, world);
  let process = start(world, controllers);
  const leaving: Promise<void>[] = [];
  const goneAlready = (error: unknown) => expect(error).toBeInstanceOf(NotFound);
  for (const event of events) {
    if (event.do === "wait") await world.clock.advance(event.ms);
    else if (event.do === "set") {
      // What is being torn down cannot be changed any more.
      const change = { spec: { value: event.value } };
      await world.people.set(asked[event.type]!, event.id, change).catch((error: unknown) => {
        expect(error).toBeInstanceOf(PhaseConflict);
      });
    } else if (event.do === "remove") {
      leaving.push(world.people.teardownAndDestroy(asked[event.type]!, event.id, never).catch(goneAlready));
    } else if (event.do === "force") {
      await world.force(asked[event.type]!, event.id);
    } else {
      process.connection.dead = event.do === "kill";
      await process.stop();
      process = start(world, controllers);
    }
  }
  // Not with a fresh start: that would make up for everything that was missed.
  world.faults = process.connection.faults = { likelihood: 0, longestMs: 0 };
  await world.clock.advance(600_000);
  await Promise.all(leaving);
  await world.clock.advance(600_000);
  await process.stop();
  return world;
}

test("a system comes to the state that a fresh start would have come to, whatever happened on the way", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (scenario) => {
      const world = await live(scenario);
      const fresh = new World(1);
      for (const type of asked) {
        for (const { metadata, spec } of (await world.people.list(type)).resources) {
          await fresh.people.create(type, metadata.id, { spec });
        }
      }
      const process = start(fresh, controllersOf(scenario.shapes, fresh));
      await fresh.clock.advance(600_000);
      await process.stop();
      expect(await contents(world, made)).toEqual(await contents(fresh, made));
      const forced = scenario.events.some((event) => event.do === "force");
      if (!forced) expect(world.effects).toEqual(fresh.effects);
      expect([world.clock.pending, world.atWork.size, world.trespasses]).toEqual([0, 0, []]);
    }),
    { numRuns: 200 },
  );
});

test("the same history happens again from the same seed", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (scenario) => {
      const [once, again] = [await live(scenario), await live(scenario)];
      expect(again.trace).toEqual(once.trace);
      expect(again.clock.now()).toEqual(once.clock.now());
    }),
    { numRuns: 30 },
  );
});
