import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EventType, State as StateService } from "../../api/gen/cosi/state_pb.js";
import { type Channel, openChannel } from "../../api/grpc/channel.ts";
import { client } from "../../api/grpc/client.ts";
import { openServer } from "../../api/grpc/server.ts";
import { equal, not } from "../query.ts";
import { resourceType } from "../resource.ts";
import { State } from "../state.ts";
import { BookmarkExpired } from "../store.ts";
import { MemoryStore } from "../stores/memory.ts";
import { RemoteState } from "./remote-state.ts";
import { type Access, serveState } from "./serve-state.ts";
import { servedType } from "./served-type.ts";

const Machine = resourceType({
  type: "Machines.ingot.dev",
  namespace: "default",
  spec: z.object({ rack: z.string(), slots: z.number(), tags: z.array(z.string()).default([]) }),
  columns: { Rack: "{.rack}" },
});
const Secret = resourceType({
  type: "MachineKeys.ingot.dev",
  namespace: "default",
  spec: z.object({ key: z.string() }),
  sensitive: true,
});
const types = [servedType(Machine), servedType(Secret)];

let stack: AsyncDisposableStack;
let store: MemoryStore;
let state: State;
let time: number;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  store = new MemoryStore();
  time = Date.UTC(2026, 0, 1);
  state = new State({ store, clock: { now: () => new Date((time += 1_000)) } });
});
afterEach(() => stack.disposeAsync());

async function serveHere({
  writable = true,
  refuse = () => undefined,
}: {
  writable?: boolean;
  refuse?: (access: Access) => string | undefined;
} = {}) {
  const server = await openServer({
    address: "127.0.0.1:0",
    credentials: ServerCredentials.createInsecure(),
    services: [serveState({ state, types, namespaces: ["other"], writable, refuse })],
    unexpected: (error) => {
      throw error;
    },
  });
  stack.use(server);
  const channel: Channel = openChannel({
    address: `127.0.0.1:${server.port}`,
    credentials: ChannelCredentials.createInsecure(),
  });
  stack.use(channel);
  return { remote: new RemoteState({ channel }), raw: client(StateService, channel), channel };
}

const rackA = { spec: { rack: "a", slots: 2, tags: ["x"] }, labels: { rack: "a" } };
const rackB = { spec: { rack: "b", slots: 4, tags: [] }, labels: { rack: "b" } };
const within = { deadlineMs: 20_000 };

describe("reading", () => {
  test("a resource arrives as it is", async () => {
    const { remote } = await serveHere();
    const made = await state.as("tester").create(Machine, "m-1", rackA, { finalizers: ["somebody"] });
    expect(await remote.get(Machine, "m-1")).toEqual(made);
    expect(await remote.find(Machine, "m-2")).toBeUndefined();
  });

  test("a resource is said twice: for clients that know its type, and as YAML", async () => {
    const { raw } = await serveHere();
    await state.create(Machine, "m-1", { spec: { rack: "on", slots: 2, tags: ["2026-01-01"] } });
    const { resource } = await raw.get({ namespace: "default", type: Machine.type, id: "m-1" });
    expect(resource!.metadata).toMatchObject({ version: "1", phase: "running", owner: "" });
    // What YAML 1.1 would read as a boolean and a date is quoted.
    expect(resource!.spec!.yamlSpec).toBe('rack: "on"\nslots: 2\ntags:\n    - "2026-01-01"\n');
    expect(resource!.spec!.protoSpec.length).toBeGreaterThan(0);
  });

  test.each([
    ["everything", {}, ["m-1", "m-2", "n-1"]],
    ["a label's value", { labels: [equal("rack", "a")] }, ["m-1"]],
    ["what lacks it", { labels: [not(equal("rack", "a"))] }, ["m-2", "n-1"]],
    ["alternatives", { anyOf: [[equal("rack", "a")], [equal("rack", "b")]] }, ["m-1", "m-2"]],
    ["a pattern of ids", { id: /^M-/i }, ["m-1", "m-2"]],
    [
      "all of them together",
      { labels: [equal("rack", "b")], anyOf: [[equal("rack", "b")]], id: /2$/ },
      ["m-2"],
    ],
  ])("a list is asked for by %s", async (_, query, ids) => {
    const { remote } = await serveHere();
    await state.create(Machine, "m-1", rackA);
    await state.create(Machine, "m-2", rackB);
    await state.create(Machine, "n-1", { spec: rackB.spec });
    const { resources } = await remote.list(Machine, query);
    expect(resources.map(({ metadata }) => metadata.id)).toEqual(ids);
  });

  test("a type may be asked for in another known namespace", async () => {
    const { raw } = await serveHere();
    await state.create({ ...Machine, namespace: "other" }, "m-1", rackA);
    const listed = await Array.fromAsync(raw.list({ namespace: "other", type: Machine.type }, within));
    expect(listed.map(({ resource }) => resource!.metadata!.namespace)).toEqual(["other"]);
  });

  test("what a pattern may be is limited", async () => {
    const { raw } = await serveHere();
    const kind = { namespace: "default", type: Machine.type };
    for (const regexp of ["(", "a".repeat(300)]) {
      const call = Array.fromAsync(raw.list({ ...kind, options: { idQuery: { regexp } } }, within));
      await expect(call).rejects.toMatchObject({ code: "invalidArgument" });
    }
  });
});

describe("writing", () => {
  test("creates, replaces and destroys", async () => {
    const { remote } = await serveHere();
    const made = await remote.create(Machine, "m-1", rackA);
    expect(made).toEqual(await state.get(Machine, "m-1"));

    const changed = await remote.replace(Machine, { ...made, spec: { ...made.spec, slots: 3 } });
    expect(changed.spec.slots).toBe(3);
    expect(changed.metadata.version).toBeGreaterThan(made.metadata.version);

    await remote.destroy(Machine, "m-1");
    expect(await state.find(Machine, "m-1")).toBeUndefined();
  });

  test("writes in a controller's name", async () => {
    const { channel } = await serveHere();
    const controller = new RemoteState({ channel, owner: "PowerController" });
    expect((await controller.create(Machine, "m-1", rackA)).metadata.owner).toBe("PowerController");
  });

  test("tears down, and waits for those who hold on", async () => {
    const { remote } = await serveHere();
    await state.create(Machine, "m-1", rackA, { finalizers: ["holder"] });
    expect(await remote.teardown(Machine, "m-1")).toBe(false);
    await expect(remote.destroy(Machine, "m-1")).rejects.toMatchObject({ code: "failedPrecondition" });
    const gone = remote.teardownAndDestroy(Machine, "m-1", AbortSignal.timeout(20_000));
    await state.removeFinalizer(Machine, "m-1", "holder");
    await gone;
    expect(await state.find(Machine, "m-1")).toBeUndefined();
  });
});

describe("refusals travel as the codes that clients branch on", () => {
  type Here = Awaited<ReturnType<typeof serveHere>>;
  const cases: [string, string, (here: Here) => Promise<unknown>][] = [
    ["what is not there", "notFound", ({ remote }) => remote.get(Machine, "none")],
    ["destroying what is not there", "notFound", ({ remote }) => remote.destroy(Machine, "none")],
    ["tearing down what is not there", "notFound", ({ remote }) => remote.teardown(Machine, "none")],
    ["what is there already", "alreadyExists", ({ remote }) => remote.create(Machine, "m-1", rackA)],
    ["what belongs to another", "permissionDenied", ({ remote }) => remote.destroy(Machine, "owned")],
    [
      "a version that passed",
      "failedPrecondition",
      async ({ remote }) => {
        const old = await remote.get(Machine, "m-1");
        await state.update(Machine, "m-1", { spec: rackB.spec });
        await remote.replace(Machine, old);
      },
    ],
    [
      "an update of what is being torn down",
      "invalidArgument",
      async ({ remote }) => {
        const torn = await state.teardown(Machine, "m-1");
        await remote.replace(Machine, torn);
      },
    ],
    [
      "a spec that does not fit",
      "invalidArgument",
      ({ raw }) =>
        raw.create({
          resource: {
            metadata: {
              namespace: "default",
              type: Machine.type,
              id: "bad",
              version: "undefined",
              phase: "running",
            },
            spec: { yamlSpec: "rack: 7\n" },
          },
        }),
    ],
    [
      "a spec that is no YAML",
      "invalidArgument",
      ({ raw }) =>
        raw.create({
          resource: {
            metadata: { namespace: "default", type: Machine.type, id: "bad", version: "1", phase: "running" },
            spec: { yamlSpec: "{" },
          },
        }),
    ],
    ["no resource at all", "invalidArgument", ({ raw }) => raw.create({})],
    [
      "an unknown type",
      "permissionDenied",
      ({ raw }) => raw.get({ namespace: "default", type: "Secrets.other.dev", id: "x" }),
    ],
    [
      "an unknown namespace",
      "permissionDenied",
      ({ raw }) => raw.get({ namespace: "elsewhere", type: Machine.type, id: "x" }),
    ],
  ];

  test.each(cases)("%s is %s", async (_, code, act) => {
    const here = await serveHere();
    await state.create(Machine, "m-1", rackA);
    await state.as("owner").create(Machine, "owned", rackA);
    await expect(act(here)).rejects.toMatchObject({ code });
  });

  test("nothing is written where resources are read-only", async () => {
    const { remote } = await serveHere({ writable: false });
    await expect(remote.create(Machine, "m-1", rackA)).rejects.toMatchObject({ code: "permissionDenied" });
    expect((await remote.list(Machine)).resources).toEqual([]);
  });

  test("who serves decides who may read which type", async () => {
    const { remote } = await serveHere({
      refuse: ({ type }) => (type.sensitive ? "not authorized" : undefined),
    });
    await state.create(Secret, "k", { spec: { key: "hush" } });
    await expect(remote.get(Secret, "k")).rejects.toMatchObject({
      code: "permissionDenied",
      details: "not authorized",
    });
    expect((await remote.list(Machine)).resources).toEqual([]);
  });
});

describe("watching", () => {
  /** The next batch, shortened to what happened to whom. */
  const next = async (
    watch: AsyncIterator<readonly { type: string; resource?: { metadata: { id: string } } }[]>,
  ) => {
    const { value } = await watch.next();
    return (value ?? []).map(
      ({ type, resource }: { type: string; resource?: { metadata: { id: string } } }) =>
        resource ? `${type} ${resource.metadata.id}` : type,
    );
  };

  test("begins with what is there, then tells changes with what was", async () => {
    const { remote } = await serveHere();
    await state.create(Machine, "m-1", rackA);
    await using watch = remote.watch(Machine, { signal: AbortSignal.timeout(20_000) });
    expect(await next(watch)).toEqual(["created m-1", "bootstrapped"]);
    await state.update(Machine, "m-1", { spec: rackB.spec });
    const { value } = await watch.next();
    expect(value).toMatchObject([
      { type: "updated", resource: { spec: rackB.spec }, old: { spec: rackA.spec } },
    ]);
    await state.destroy(Machine, "m-1");
    expect(await next(watch)).toEqual(["destroyed m-1"]);
  });

  test("of a query tells what comes into view and what leaves it", async () => {
    const { remote } = await serveHere();
    await state.create(Machine, "m-1", rackB);
    const query = { labels: [equal("rack", "a")] };
    await using watch = remote.watch(Machine, { signal: AbortSignal.timeout(20_000), query });
    expect(await next(watch)).toEqual(["bootstrapped"]);
    await state.update(Machine, "m-1", { labels: { rack: "a" } });
    expect(await next(watch)).toEqual(["created m-1"]);
    await state.update(Machine, "m-1", { labels: { rack: "b" } });
    expect(await next(watch)).toEqual(["destroyed m-1"]);
  });

  test.each([true, false])("of one resource begins with what it is (there: %s)", async (there) => {
    const { remote } = await serveHere();
    if (there) await state.create(Machine, "m-1", rackA);
    await using watch = remote.watch(Machine, { signal: AbortSignal.timeout(20_000), id: "m-1" });
    expect(await next(watch)).toEqual(there ? ["created m-1", "bootstrapped"] : ["bootstrapped"]);
    await state.create(Machine, "m-2", rackA);
    if (there) await state.destroy(Machine, "m-1");
    else await state.create(Machine, "m-1", rackA);
    expect(await next(watch)).toEqual([there ? "destroyed m-1" : "created m-1"]);
  });

  test("goes on after a bookmark, and with a tail", async () => {
    const { remote } = await serveHere();
    await state.create(Machine, "m-1", rackA);
    const signal = AbortSignal.timeout(20_000);
    const first = remote.watch(Machine, { signal });
    const bookmark = (await first.next()).value!.at(-1)!.bookmark;
    await first.return();
    await state.create(Machine, "m-2", rackA);
    await state.create(Machine, "m-3", rackA);
    await using resumed = remote.watch(Machine, { signal, from: { after: bookmark } });
    expect(await next(resumed)).toEqual(["created m-2", "created m-3"]);
    await using tail = remote.watch(Machine, { signal, from: { tail: 1 } });
    expect(await next(tail)).toEqual(["created m-3"]);
  });

  test.each(["garbage", "forgotten"])(
    "refuses a bookmark that is %s before it says that it stands",
    async (kind) => {
      const { remote, raw } = await serveHere();
      const bookmark = kind === "garbage" ? kind : await state.bookmark(Machine);
      await state.create(Machine, "m-1", rackA);
      store.forget();
      const options = { startFromBookmark: Buffer.from(bookmark) };
      const request = { namespace: "default", type: Machine.type, apiVersion: 1, options };
      await expect(raw.watch(request, within).next()).rejects.toMatchObject({ code: "failedPrecondition" });
      const watch = remote.watch(Machine, { signal: AbortSignal.timeout(20_000), from: { after: bookmark } });
      await expect(watch.next()).rejects.toThrow(BookmarkExpired);
    },
  );

  test("says by an empty response that it stands: no change after it is missed", async () => {
    const { raw } = await serveHere();
    const kind = { namespace: "default", type: Machine.type, apiVersion: 1 };
    await using watch = raw.watch(kind, { signal: AbortSignal.timeout(20_000) });
    expect((await watch.next()).value!.event).toEqual([]);
    await state.create(Machine, "m-1", rackA);
    expect((await watch.next()).value!.event.map(({ eventType }) => eventType)).toEqual([EventType.CREATED]);
  });

  test.each([
    [
      "one by one, with a mark",
      1,
      false,
      [[], [EventType.CREATED], [EventType.CREATED], [EventType.BOOTSTRAPPED]],
    ],
    ["together", 1, true, [[], [EventType.CREATED, EventType.CREATED, EventType.BOOTSTRAPPED]]],
    ["without marks that old clients do not know", 0, true, [[], [EventType.CREATED, EventType.CREATED]]],
  ] as const)("tells its contents %s", async (_, apiVersion, aggregated, expected) => {
    const { raw } = await serveHere();
    await state.create(Machine, "m-1", rackA);
    await state.create(Machine, "m-2", rackA);
    const request = {
      namespace: "default",
      type: Machine.type,
      apiVersion,
      options: { bootstrapContents: true, aggregated },
    };
    await using watch = raw.watch(request, { signal: AbortSignal.timeout(20_000) });
    const seen: EventType[][] = [];
    for await (const { event } of watch) {
      seen.push(event.map(({ eventType }) => eventType));
      if (seen.length === expected.length) break;
    }
    expect(seen).toEqual(expected);
  });

  test("tells a bookmark to begin with, when asked", async () => {
    const { raw } = await serveHere();
    const request = {
      namespace: "default",
      type: Machine.type,
      options: { bootstrapBookmark: true },
      apiVersion: 1,
    };
    await using watch = raw.watch(request, { signal: AbortSignal.timeout(20_000) });
    await watch.next();
    const [noop] = (await watch.next()).value!.event;
    expect(noop).toMatchObject({ eventType: EventType.NOOP });
    expect(noop!.bookmark!.length).toBeGreaterThan(0);
  });
});
