// A node that is behind a proxy, as the lab's are: talosctl gets through to it, and nobody to anything else.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { openPracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { run } from "../../talosctl/program.ts";
import { openNodeDoor } from "../qemu/lab/node-door.ts";

const around = new AsyncDisposableStack();
let folder: string;
let proxy: string;
let port: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-proxied-"));
  around.defer(() => rmSync(folder, { recursive: true }));
  const cluster = await practiceCluster();
  const node = around.use(await openPracticeNode({ config: cluster.controlPlane }));
  const path = join(folder, "nodes");
  around.use(await openNodeDoor({ path, network: "127.0.0.", apiPort: node.port }));
  const door = createServer((from) => void pipeline(from, connect(path), from).catch(() => {}));
  door.listen(0, "127.0.0.1");
  await once(door, "listening");
  around.defer(() => void door.close());
  ({ port } = door.address() as AddressInfo);
  proxy = `http://127.0.0.1:${port}`;
  const { secrets } = cluster;
  const endpoints = [node.address];
  const plan = { clusterName: "lab", secrets, clock: systemClock, endpoints };
  const { context, contexts } = await generateClientConfig(plan);
  const proxied = { ...contexts["lab"]!, nodes: ["127.0.0.1"], "proxy-url": proxy };
  writeFileSync(join(folder, "talosconfig"), clientConfigText({ context, contexts: { lab: proxied } }));
});
afterAll(() => around.disposeAsync());

test("talosctl reaches the node by its proxy-url", async () => {
  const printed: string[] = [];
  const said: string[] = [];
  const status = await run(
    ["version", "--talosconfig", join(folder, "talosconfig")],
    {
      out: (text) => void printed.push(text),
      error: (text) => void said.push(text),
      outBytes: async () => {},
      environment: {},
      now: () => new Date(),
      signal: new AbortController().signal,
      edit: async (text) => text,
    },
    "0.1.0",
  );
  expect(said).toEqual([]);
  expect(status).toBe(0);
  expect(printed.join("")).toMatch(/Server:[^]*v1\.13\.0/);
});

test.each([
  ["another port", "CONNECT 127.0.0.1:22"],
  ["another network", "CONNECT 192.0.2.1:50000"],
  ["anything but a connection", "GET http://127.0.0.1:22/"],
])("%s is refused", async (_, question) => {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${question} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const answer = Buffer.concat(await socket.toArray()).toString();
  expect(answer).toMatch(/^HTTP\/1\.1 40[35] /);
});
