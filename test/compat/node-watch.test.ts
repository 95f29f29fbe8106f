// The provisioner's eye on a node: what it says of one that is really there, over the node's own API.
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { BootId, MachineStatus, Version } from "../../os/resources/runtime/node.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { role } from "../../pki/roles.ts";
import { askNode } from "../../provisioner/services/ask-node.ts";
import { NodeClients } from "../../provisioner/services/node-clients.ts";

const { signal } = new AbortController();
const own = await practiceCluster();
const other = await practiceCluster();
const bundles = { own: own.secrets, other: other.secrets } as const;

let node: PracticeNode;
let clients: NodeClients;
beforeAll(async () => {
  node = await openPracticeNode({ config: own.controlPlane });
  await node.state.set(Version, "version", { spec: { name: "Ingot", version: "v1.13.0" } });
  await node.state.set(BootId, "boot-id", { spec: { bootID: "b1" } });
  clients = new NodeClients({
    clock: systemClock,
    secretsOf: async (cluster) => bundles[cluster as keyof typeof bundles],
    port: node.port,
  });
});
afterAll(async () => {
  clients[Symbol.dispose]();
  await node[Symbol.asyncDispose]();
});

const addresses = ["127.0.0.1"];
const seen = { address: "127.0.0.1", version: "v1.13.0", bootId: "b1" };
const ask = (cluster?: string, known?: string) =>
  askNode(clients)({ addresses, ...(cluster && { cluster }), ...(known && { known }) }, signal);

test("a node that boots has said nothing yet, and is not ready", async () => {
  expect(await ask("own")).toEqual({ is: "notReady", why: "it says nothing of its stage", node: seen });
});

test("a node that waits for something says for what", async () => {
  const unmetConditions = [{ name: "network", reason: "no address yet" }];
  await node.state.set(MachineStatus, "machine", {
    spec: { stage: "running", status: { ready: false, unmetConditions } },
  });
  expect(await ask("own")).toMatchObject({ is: "notReady", why: "running; network: no address yet" });
});

test("a node that is ready is asked over one connection, wherever it is looked for", async () => {
  const status = { ready: true, unmetConditions: [] };
  await node.state.set(MachineStatus, "machine", { spec: { stage: "running", status } });
  expect(await ask("own")).toEqual({ is: "ready", node: seen });
  expect(await ask("own", "127.0.0.1")).toEqual({ is: "ready", node: seen });
  expect(clients.metrics()).toMatch(/^ingot_node_connections 1$/m);
  expect(await clients.channel("own", "127.0.0.1", role.reader)).toBe(
    await clients.channel("own", "127.0.0.1", role.reader),
  );
});

test("a node of another cluster is not ours", async () => {
  expect(await ask("other")).toMatchObject({ is: "silent", why: expect.stringMatching(/its node API at/) });
});

test("a node whose cluster has no secrets yet waits for them", async () => {
  expect(await ask("new")).toEqual({
    is: "silent",
    why: "the secrets of its cluster new are still being made",
  });
});

test("of a system that is in no cluster of ours only that it is there is known", async () => {
  expect(await ask()).toEqual({ is: "ready" });
});

test("where nothing listens nothing answers", async () => {
  using nobody = new NodeClients({ clock: systemClock, secretsOf: async () => own.secrets, port: 1 });
  const answer = await askNode(nobody)({ addresses, cluster: "own" }, signal);
  expect(answer).toEqual({ is: "silent", why: expect.stringMatching(/^127\.0\.0\.1:1: .*ECONNREFUSED/) });
});
