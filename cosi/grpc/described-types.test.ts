import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { openChannel } from "../../api/grpc/channel.ts";
import { openServer } from "../../api/grpc/server.ts";
import { resourceType } from "../resource.ts";
import { State } from "../state.ts";
import { MemoryStore } from "../stores/memory.ts";
import { describeTypes, metaTypes, Namespace, ResourceDefinition } from "./definitions.ts";
import { RemoteState } from "./remote-state.ts";
import { serveState } from "./serve-state.ts";
import { servedType } from "./served-type.ts";

const Machine = resourceType({
  type: "Machines.ingot.dev",
  namespace: "default",
  spec: z.object({ rack: z.string() }),
});
const Secret = resourceType({
  type: "MachineKeys.ingot.dev",
  namespace: "default",
  spec: z.object({ key: z.string() }),
  sensitive: true,
});
const types = [servedType(Machine), servedType(Secret)];

let stack: AsyncDisposableStack;
let state: State;
/** What a client knows that has only ever heard of the two kinds that describe all others. */
let remote: RemoteState;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  state = new State({ store: new MemoryStore(), clock: { now: () => new Date(0) } });
  const server = await openServer({
    address: "127.0.0.1:0",
    credentials: ServerCredentials.createInsecure(),
    services: [serveState({ state, types, namespaces: [], writable: false, refuse: () => undefined })],
    unexpected: (error) => {
      throw error;
    },
  });
  stack.use(server);
  const channel = openChannel({
    address: `127.0.0.1:${server.port}`,
    credentials: ChannelCredentials.createInsecure(),
  });
  stack.use(channel);
  remote = new RemoteState({ channel, types: metaTypes });
});
afterEach(() => stack.disposeAsync());

test("definitions describe every type, and disappear with it", async () => {
  await describeTypes(state, types, { default: "Machines." });
  const ids = async () =>
    (await remote.list(ResourceDefinition)).resources.map(({ metadata }) => metadata.id);
  expect(await ids()).toEqual([
    "machinekeys.ingot.dev",
    "machines.ingot.dev",
    "namespaces.meta.cosi.dev",
    "resourcedefinitions.meta.cosi.dev",
  ]);
  expect((await remote.list(Namespace)).resources.map(({ metadata }) => metadata.id)).toEqual([
    "default",
    "meta",
  ]);
  await describeTypes(state, [servedType(Machine)], { default: "Machines." });
  expect(await ids()).not.toContain("machinekeys.ingot.dev");
});

test("definitions say what `get` needs", async () => {
  await describeTypes(state, types, {});
  expect((await remote.get(ResourceDefinition, "machinekeys.ingot.dev")).spec).toEqual({
    type: "MachineKeys.ingot.dev",
    displayType: "MachineKey",
    defaultNamespace: "default",
    aliases: ["machinekey", "mk", "mks"],
    allAliases: ["machinekeys", "machinekeys.ingot", "machinekey", "mk", "mks"],
    printColumns: [],
    sensitivity: "sensitive",
  });
});
