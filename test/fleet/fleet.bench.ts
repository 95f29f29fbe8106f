// `npm run bench -- fleet [MACHINES] [KNOWN]`: machines from power-on to the pool through the real protocols (gRPC with
// mTLS, IPMI) and the operating system's own agent, while many more are known; the provisioner is a process of its own.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { State } from "../../cosi/state.ts";
import { Inventory } from "../../provisioner/resources/inventory.ts";
import { Machine } from "../../provisioner/resources/machine.ts";
import { WipeStatus } from "../../provisioner/resources/wipe-status.ts";
import { inventoryRecord } from "../../provisioner/services/inventory-record.ts";
import { randomFrom } from "../../provisioner/simulation/random.ts";
import type { BenchModule, Comparison } from "../../workshop/bench.ts";
import { fleetIdentity, fleetMessage } from "./fleet-inventory.ts";
import { darkness, follow, inBatches, register } from "./fleet-plan.ts";
import { FleetProvisioner, openDoor } from "./fleet-provisioner.ts";
import { FleetSite } from "./fleet-site.ts";

/** Known, wiped and off, as most machines of a data center are at any moment. */
async function makeKnown(state: State, first: number, count: number): Promise<void> {
  const at = new Date();
  const run = { wipeId: 1, attempt: 1, orderId: "o", startedAt: at, endedAt: at, disks: [] };
  await inBatches(first, count, async (index) => {
    const { uuid, serial, macs } = fleetIdentity(index);
    await state.create(Inventory, uuid, { spec: inventoryRecord(fleetMessage(index), at) });
    await state.as("Wipe").create(WipeStatus, uuid, {
      labels: { "ingot.dev/wipe": "done" },
      spec: { wipedAt: 1, run: { state: "done", ...run } },
    });
    await state.create(Machine, uuid, {
      labels: { rack: `r${index % 40}` },
      spec: {
        identity: { uuid, serial, macs: [...macs] },
        admission: { is: "accepted", by: "ann" },
        wipeId: 1,
        retryId: 0,
        power: "automatic",
        boot: {},
      },
    });
  });
}

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

/** Linux: the most that the process ever had in memory, and what it has. */
async function residentMegabytes(pid: number): Promise<{ readonly now: number; readonly most: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0) / 1000;
  return { now: of("VmRSS"), most: of("VmHWM") };
}

export const bench: BenchModule["bench"] = async ({ log, args }) => {
  const [size = 1_000, known = 10_000] = args.map(Number);
  const folder = await mkdtemp(join(tmpdir(), "fleet-bench-"));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(folder, { recursive: true }));
  const provisioner = opened.use(await FleetProvisioner.create({ folder }));
  await provisioner.start();
  const { state, booter } = opened.use(await openDoor(provisioner));
  const signal = AbortSignal.timeout(25 * 60_000);
  const elapsed = () => performance.now() / 1000;

  let began = elapsed();
  await makeKnown(state, size, known - size);
  log(`${known - size} machines made known in ${(elapsed() - began).toFixed(1)} s`);
  const site = opened.use(await FleetSite.open({ size, random: randomFrom(1), booter: () => booter }));
  const fresh = await residentMegabytes(provisioner.process.pid);

  const arrivals: number[] = [];
  const arrived = new Map<string, number>();
  began = elapsed();
  const all = follow(state, site.machines, {
    signal,
    goal: () => "pool",
    onStage: (machine, stage) => {
      if (stage === "pool" && !arrived.has(machine.id)) {
        arrived.set(machine.id, elapsed() - began);
        arrivals.push(elapsed() - began);
        if (arrivals.length % 250 === 0)
          log(`${arrivals.length} in the pool after ${arrivals.at(-1)!.toFixed(1)} s`);
      }
    },
  });
  // Turned on by their BMCs, as soon as they are known.
  await register(state, site, site.machines);
  const client = provisioner.process.client();
  const lists: number[] = [];
  let refused = 0;
  const pollers = new AbortController();
  const polling = (async () => {
    while (!pollers.signal.aborted) {
      const asked = performance.now();
      try {
        await client.call("GET", "/api/v1/machines?selector=rack%3Dr7&limit=500");
        lists.push(performance.now() - asked);
      } catch {
        refused++;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  await all;
  const toPoolS = elapsed() - began;
  await darkness(state, site.machines, signal);
  const toDarkS = elapsed() - began;
  pollers.abort();
  await polling;
  const storm = await residentMegabytes(provisioner.process.pid);

  const quiet: number[] = [];
  for (let count = 0; count < 100; count++) {
    const asked = performance.now();
    await client.call("GET", `/api/v1/machines?selector=rack%3Dr${count % 40}&limit=500`);
    quiet.push(performance.now() - asked);
  }
  for (const violation of site.violations) log(`VIOLATION: ${violation}`);
  log(`${site.planMs.length} boot decisions: p50 ${percentile(site.planMs, 0.5).toFixed(1)} ms`);
  log(
    `resident: ${fresh.now.toFixed(0)} MB with ${known} known, ${storm.now.toFixed(0)} MB after, ${storm.most.toFixed(0)} MB at most`,
  );
  log(
    `lists while machines boot: p50 ${percentile(lists, 0.5).toFixed(1)} ms, p95 ${percentile(lists, 0.95).toFixed(1)} ms, ${refused} broken`,
  );
  const goal = (name: string, unit: string, ours: number, peer: number): Comparison => ({
    name,
    unit,
    ours,
    peer,
    better: "lower",
  });
  return [
    goal(`${size} machines off again, in the pool`, "s", toDarkS, 600),
    goal("half of them in the pool", "s", percentile(arrivals, 0.5), 300),
    goal("resident at most", "MB", storm.most, 1_500),
    goal(`list with a selector among ${known}, p95`, "ms", percentile(quiet, 0.95), 100),
    goal(`boot decision while ${size} boot, p99`, "ms", percentile(site.planMs, 0.99), 10),
    goal(`${size} machines from power-on to the pool`, "s", toPoolS, 600),
  ];
};
