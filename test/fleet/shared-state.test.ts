// Two provisioners on three real members of etcd, behind one address as a data center gives them: boots go on whoever of
// them dies, and nothing is done twice.
import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeKey } from "../../cosi/key-ring.ts";
import { randomFrom } from "../../provisioner/simulation/random.ts";
import { startEtcd } from "../../workshop/etcd-server.ts";
import { startTcpProxy, type TcpProxy } from "../../workshop/tcp-proxy.ts";
import { darkness, follow, register } from "./fleet-plan.ts";
import { FleetProvisioner, freePort, openDoor } from "./fleet-provisioner.ts";
import { FleetSite } from "./fleet-site.ts";

const wave = 3;

/** Whether a provisioner says of itself that it is of use. */
function isReady({ process }: FleetProvisioner): Promise<boolean> {
  return new Promise((resolve) => {
    const call = get(`${process.url}/readyz`, { rejectUnauthorized: false, agent: false, timeout: 2_000 });
    call.on("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on("timeout", () => call.destroy(new Error("no answer")));
    call.on("error", () => resolve(false));
  });
}

/** One address for all of them, at which whoever is ready answers. */
async function openFront(port: number, provisioners: readonly FleetProvisioner[]): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const pass = async (client: Socket) => {
    sockets.add(client);
    client.on("error", () => {});
    client.on("close", () => sockets.delete(client));
    for (const provisioner of provisioners) {
      if (!provisioner.isRunning || !(await isReady(provisioner))) continue;
      const server = connect(provisioner.port, provisioner.host);
      sockets.add(server);
      server.on("error", () => {});
      server.on("close", () => {
        sockets.delete(server);
        client.destroy();
      });
      client.on("close", () => server.destroy());
      client.pipe(server).pipe(client);
      return;
    }
    client.destroy();
  };
  const front = createServer((client) => void pass(client));
  await new Promise<void>((resolve) => front.listen(port, "127.0.0.1", resolve));
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

test("machines get where they should while a leader, a member of etcd and a network are lost", async () => {
  await using around = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fleet-shared-"));
  around.defer(() => rm(folder, { recursive: true }));
  const etcd = around.use(await startEtcd({ members: 3 }));
  const proxies: TcpProxy[] = [];
  for (const endpoint of etcd.endpoints)
    proxies.push(around.use(await startTcpProxy(Number(new URL(endpoint).port))));

  const keys = makeKey();
  const port = await freePort();
  const make = (name: string, host: string, endpoints: readonly string[]) =>
    FleetProvisioner.create({
      folder: join(folder, name),
      host,
      port,
      options: ["--announce", "127.0.0.1", "--state", endpoints.join(",")],
      environment: { INGOT_MASTER_KEYS: keys },
    });
  const first = around.use(await make("first", "127.0.0.2", etcd.endpoints));
  const viaProxies = proxies.map((proxy) => `http://127.0.0.1:${proxy.port}`);
  const second = around.use(await make("second", "127.0.0.3", viaProxies));
  await first.start();
  await second.start();
  around.use(await openFront(port, [second, first]));
  const { state, booter } = around.use(
    await openDoor(first, {
      etcd: { endpoints: [...etcd.endpoints] },
      masterKeys: keys,
      address: `127.0.0.1:${port}`,
    }),
  );
  const site = around.use(
    await FleetSite.open({ size: 4 * wave, random: randomFrom(1), booter: () => booter }),
  );
  const signal = AbortSignal.timeout(240_000);
  const machinesOf = (number: number) => site.machines.slice(number * wave, (number + 1) * wave);
  const arrive = async (number: number) => {
    const machines = machinesOf(number);
    await register(state, site.members.slice(number * wave, (number + 1) * wave));
    await follow(state, machines, { goal: () => "pool", signal });
    await darkness(state, machines, signal);
  };

  // Both are there. The first was alone for a moment: it leads.
  await arrive(0);
  // The leader dies while machines are on their way.
  const killed = arrive(1);
  await first.kill();
  await killed;
  // A member of etcd dies, and nobody comes in its place.
  await first.start();
  await etcd.members[0]!.stop("SIGKILL");
  await arrive(2);
  await etcd.members[0]!.start();
  // The second, which leads since then, hears nothing of etcd any more, and does not know that.
  for (const proxy of proxies) void proxy.holdRequests();
  await arrive(3);
  // It comes back, and finds that all was done.
  for (const proxy of proxies) proxy.cut()[Symbol.dispose]();

  expect(site.violations).toEqual([]);
  expect(site.wipes).toBe(site.machines.length);
}, 270_000);
