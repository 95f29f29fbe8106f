// `npm run bench -- fleet [MACHINES] [KNOWN]`: machines from power-on to the pool through the real protocols (gRPC with
// mTLS, IPMI) and the operating system's own agent, while many more are known; the provisioner is a process of its own.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { State } from "../../cosi/state.ts";
import { Inventory } from "../../provisioner/resources/inventory.ts";
import { WipeStatus } from "../../provisioner/resources/wipe-status.ts";
import { inventoryRecord } from "../../provisioner/services/inventory-record.ts";
import type { BenchModule, Comparison } from "../../workshop/bench.ts";
import { fleetIdentity, fleetMessage } from "./fleet-inventory.ts";
import { connect, darkness, follow, inBatches, makeMachine } from "./fleet-plan.ts";
import { FleetProvisioner, openDoor } from "./fleet-provisioner.ts";
import { Racks } from "./racks.ts";

/** Known, wiped and off, as most machines of a data center are at any moment. */
async function makeKnown(state: State, first: number, count: number): Promise<void> {
  const at = new Date();
  const run = { wipeId: 1, attempt: 1, orderId: "o", startedAt: at, endedAt: at, disks: [] };
  await inBatches(first, count, async (index) => {
    const { uuid } = fleetIdentity(index);
    await state.create(Inventory, uuid, { spec: inventoryRecord(fleetMessage(index), at) });
    await state.as("Wipe").create(WipeStatus, uuid, {
      labels: { "ingot.dev/wipe": "done" },
      spec: { wipedAt: 1, run: { state: "done", ...run } },
    });
    await makeMachine(state, index);
  });
}

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

/** Of one of the provisioner's own histograms: the end of the bucket in which 99 of 100 are. */
function bucketMs(metrics: string, name: string): number {
  const rows = [
    ...metrics.matchAll(new RegExp(`^ingot_${name}_seconds_bucket\\{le="(.+)"\\} (\\d+)$`, "gm")),
  ];
  const total = Number(rows.at(-1)?.[2] ?? 0);
  const row = rows.find(([, , count]) => Number(count) >= 0.99 * total);
  return row?.[1] === "+Inf" ? Infinity : Number(row?.[1]) * 1000;
}

/** Linux: the most that the process ever had in memory, and what it has. */
async function residentMegabytes(pid: number): Promise<{ readonly now: number; readonly most: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0) / 1000;
  return { now: of("VmRSS"), most: of("VmHWM") };
}

/** Of all its threads; 100 ticks a second on every Linux (proc(5), `utime` and `stime`). */
async function processorSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
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

  // While nobody is there to take wipes of unknown machines for what is left of removed ones.
  await provisioner.kill();
  await inBatches(0, size, (index) => makeMachine(state, index));
  await makeKnown(state, size, known - size);
  let began = elapsed();
  await provisioner.start();
  const everyone = Array.from({ length: known }, (_, index) => ({ index, id: fleetIdentity(index).uuid }));
  await follow(state, everyone, { goal: ({ index }) => (index < size ? "inspecting" : "pool"), signal });
  log(`${known} machines known and looked at ${(elapsed() - began).toFixed(1)} s after the start`);
  const racks = opened.use(await Racks.open(size, booter));
  const { pid } = provisioner.process;
  const fresh = await residentMegabytes(pid);
  const idleS = await processorSeconds(pid);

  const ownDelay = monitorEventLoopDelay({ resolution: 1 });
  ownDelay.enable();
  const arrivals: number[] = [];
  const arrived = new Map<string, number>();
  began = elapsed();
  const all = follow(state, racks.members, {
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
  // From here on they can be turned on.
  await connect(state, racks.members);
  const client = provisioner.process.client(provisioner.token);
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
  await darkness(state, racks.members, signal);
  const toDarkS = elapsed() - began;
  pollers.abort();
  await polling;
  const storm = await residentMegabytes(pid);
  const spentS = (await processorSeconds(pid)) - idleS;
  log(`${spentS.toFixed(1)} s of processor: ${((spentS / size) * 1000).toFixed(1)} ms for each machine`);

  const quiet: number[] = [];
  for (let count = 0; count < 100; count++) {
    const asked = performance.now();
    await client.call("GET", `/api/v1/machines?selector=rack%3Dr${count % 40}&limit=500`);
    quiet.push(performance.now() - asked);
  }
  const metrics = await client.text("/metrics");
  const insideMs = bucketMs(metrics, "boot_decision");
  ownDelay.disable();
  const told = await racks.close();
  for (const violation of told.flatMap(({ violations }) => violations)) log(`VIOLATION: ${violation}`);
  const { planMs } = racks;
  log(
    `${planMs.length} boot decisions: p50 ${percentile(planMs, 0.5).toFixed(1)} ms, p99 ${percentile(planMs, 0.99).toFixed(1)} ms, at most ${Math.max(...planMs).toFixed(1)} ms; inside the provisioner p99 at most ${insideMs} ms`,
  );
  log(
    `this fleet's own event loops were late by ${told.map(({ lateMs }) => lateMs.toFixed(1)).join(" and ")} ms, p99`,
  );
  log(
    `the provisioner's was late by at most ${bucketMs(metrics, "event_loop_delay")} ms, that of the pxe-server, which measures, by ${(ownDelay.percentile(99) / 1e6).toFixed(1)} ms, p99`,
  );
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
    goal(`boot decision while ${size} boot, p99`, "ms", percentile(planMs, 0.99), 10),
    goal(`${size} machines from power-on to the pool`, "s", toPoolS, 600),
  ];
};
