// One sweep of power polls over simulated BMCs, one in ten of them dead. The sessions are opened, asked and closed: the
// dearest kind of poll there is. Client and simulators share one process, and one core does the work of both.
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import type { BenchModule, Comparison } from "../workshop/bench.ts";
import { makeTestAuthority } from "../workshop/test-certificates.ts";
import type { Bmc } from "./bmc.ts";
import {
  isDead,
  isOn,
  openIpmiPark,
  openRedfishPark,
  type Park,
  type ParkOptions,
} from "./simulator/park.ts";
import { systemClock } from "./system-clock.ts";

const goalMsPerThousand = 5_000;
/** More at once would only wait in the kernel's buffers. */
const atOnce = 64;

type OpenPark = (options: ParkOptions) => Promise<Park>;

export const { bench }: BenchModule = {
  bench: async ({ log, args }) => {
    await using authority = await makeTestAuthority();
    const identity = { ...(await authority.issue("bmcs")), authority: authority.certificate };
    const openers: Readonly<Record<string, OpenPark>> = {
      redfish: (options) => openRedfishPark(options, identity),
      ipmi: openIpmiPark,
    };
    const sizes = args.length > 0 ? args.map(Number) : [5_000, 1_000];
    const comparisons: Comparison[] = [];
    for (const [protocol, open] of Object.entries(openers)) {
      for (const size of sizes) comparisons.push(...(await measure(protocol, size, open, log)));
    }
    return comparisons;
  },
};

const megabytes = () => Math.round(process.memoryUsage().rss / 1024 / 1024);
const descriptors = () => readdirSync("/proc/self/fd").length;

async function measure(protocol: string, size: number, open: OpenPark, log: (line: string) => void) {
  const rssBefore = megabytes();
  await using park = await open({ size, clock: systemClock, randomBytes });
  const [rssSimulated, socketsSimulated] = [megabytes(), descriptors()];
  const each = await sweep(park, async (index, ask) => {
    await using bmc = await park.open(index);
    await ask(bmc);
  });
  log(
    `${protocol}, ${size} BMCs: ${size - each.dead} answered in ${each.aliveMs.toFixed(0)} ms (${each.cpuMs.toFixed(0)} ms of processor time), ${each.dead} found dead after ${each.sweepMs.toFixed(0)} ms; ` +
      `simulators ${rssSimulated - rssBefore} MB and ${socketsSimulated} descriptors, sweep ${megabytes() - rssSimulated} MB and ${descriptors() - socketsSimulated} sockets more`,
  );

  await using opened = new AsyncDisposableStack();
  const kept = new Map<number, Bmc>();
  const keeping = async (index: number, ask: (bmc: Bmc) => Promise<void>) => {
    const bmc = kept.get(index) ?? opened.use(await park.open(index));
    kept.set(index, bmc);
    await ask(bmc);
  };
  await sweep(park, keeping);
  const again = await sweep(park, keeping);
  log(
    `${protocol}, ${size} BMCs, sessions kept: ${size - again.dead} answered in ${again.aliveMs.toFixed(0)} ms (${again.cpuMs.toFixed(0)} ms of processor time)`,
  );
  return [
    comparison(protocol, size, again, "sessions kept"),
    comparison(protocol, size, each, "a session each"),
  ];
}

const comparison = (
  protocol: string,
  size: number,
  { dead, sweepMs }: { readonly dead: number; readonly sweepMs: number },
  what: string,
): Comparison => ({
  name: `${protocol} sweep of ${size} BMCs, ${dead} of them dead, ${what}`,
  unit: "ms",
  ours: sweepMs,
  peer: (goalMsPerThousand * size) / 1_000,
  better: "lower",
});

/** Asks everybody for the power state; whoever is alive must answer, and rightly. */
async function sweep(park: Park, poll: (index: number, ask: (bmc: Bmc) => Promise<void>) => Promise<void>) {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  let [answered, wrong, dead] = [0, 0, 0];
  const pollOne = async (index: number) => {
    try {
      await poll(index, async (bmc) => {
        if ((await bmc.power.read()) !== (isOn(index) ? "on" : "off")) wrong++;
        answered++;
      });
    } catch (error) {
      if (!isDead(index)) throw error;
      dead++;
    }
  };
  // The dead wait on their own timers: only live ones take a place in the line.
  let next = 0;
  const waiting: Promise<void>[] = [];
  const worker = async () => {
    while (next < park.size) {
      const index = next++;
      const polled = pollOne(index);
      if (isDead(index)) waiting.push(polled);
      else await polled;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const aliveMs = performance.now() - started;
  await Promise.all(waiting);
  if (wrong > 0 || answered + dead !== park.size)
    throw new Error(`Cannot trust the sweep: ${answered} of ${park.size} answered, ${wrong} wrongly`);
  const { user, system } = process.cpuUsage(cpu);
  return { sweepMs: performance.now() - started, aliveMs, cpuMs: (user + system) / 1_000, dead };
}
