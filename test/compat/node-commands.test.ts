// What the provisioner tells nodes to do with themselves, to one that is really there.
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { Upgrade } from "../../os/resources/runtime/upgrade.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { commandNode } from "../../provisioner/services/command-node.ts";
import { NodeClients } from "../../provisioner/services/node-clients.ts";

const { signal } = new AbortController();
const place = { cluster: "own", address: "127.0.0.1" };
const around = new AsyncDisposableStack();
let node: PracticeNode;
let nodes: ReturnType<typeof commandNode>;
beforeAll(async () => {
  const { secrets, controlPlane } = await practiceCluster();
  node = around.use(await openPracticeNode({ config: controlPlane }));
  const secretsOf = async () => secrets;
  const clients = around.use(new NodeClients({ clock: systemClock, secretsOf, port: node.port }));
  nodes = commandNode(clients, (address, image) => `http://near-${address}/image/${image}`);
});
afterAll(() => around.disposeAsync());

test("a node that is there answers; one that is not does not", async () => {
  expect(await nodes.answers(place, signal)).toBe(true);
  expect(await nodes.answers({ ...place, address: "127.0.0.2" }, signal)).toBe(false);
});

test("it erases its disk and restarts", async () => {
  await nodes.reset(place, signal);
  expect(node.asked.at(-1)).toBe("reset, reboot");
});

test("it is put on another image, and restarts into it", async () => {
  await nodes.upgrade(place, "new", signal);
  expect(node.asked.slice(-2)).toEqual(["write http://near-127.0.0.1/image/new", "reboot default"]);
});

test("what became of an upgrade it says itself", async () => {
  expect(await nodes.upgradeOutcome(place, signal)).toBeUndefined();
  const spec = { phase: "failed", slot: "b", image: "new", reason: "it hung" } as const;
  await node.state.set(Upgrade, "upgrade", { spec });
  expect(await nodes.upgradeOutcome(place, signal)).toMatchObject({ phase: "failed", reason: "it hung" });
});
