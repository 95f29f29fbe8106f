// One sweep of power polls over simulated BMCs, one in ten of them dead, all of them behind one socket of ours. The
// sessions are opened, asked and closed: the dearest kind of poll there is.
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { BenchModule, Comparison } from "../workshop/bench.ts";
import { openLanPort } from "./ipmi/lan-port.ts";
import { openIpmi } from "./ipmi/open.ts";
import { SimulatedChassis } from "./simulator/chassis.ts";
import { furnish } from "./simulator/furniture.ts";
import { openIpmiServer } from "./simulator/ipmi/server.ts";
import { systemClock } from "./system-clock.ts";

const goalMsPerThousand = 5_000;
/** More at once would only wait in the kernel's buffers. */
const atOnce = 64;
const patience = { firstMs: 1_000, tries: 2 };

export const { bench }: BenchModule = {
  bench: async ({ log, args }) => {
    const sizes = args.length > 0 ? args.map(Number) : [5_000, 1_000];
    const comparisons: Comparison[] = [];
    for (const size of sizes) {
      const { sweepMs, dead } = await sweep(size, log);
      comparisons.push({
        name: `sweep of ${size} BMCs, ${dead} of them dead, a session each`,
        unit: "ms",
        ours: sweepMs,
        peer: (goalMsPerThousand * size) / 1_000,
        better: "lower",
      });
    }
    return comparisons;
  },
};

const megabytes = () => Math.round(process.memoryUsage().rss / 1024 / 1024);
const descriptors = () => readdirSync("/proc/self/fd").length;

async function sweep(size: number, log: (line: string) => void) {
  const rssBefore = megabytes();
  await using stack = new AsyncDisposableStack();
  const targets: number[] = [];
  // A bound socket that never answers is as dead as a BMC gets.
  const silent = createSocket("udp4");
  silent.bind(0, "127.0.0.1");
  await once(silent, "listening");
  stack.defer(() => void silent.close());
  for (let index = 0; index < size; index++) {
    if (index % 10 === 9) {
      targets.push(silent.address().port);
      continue;
    }
    const chassis = new SimulatedChassis({
      clock: systemClock,
      furniture: furnish(index),
      poweredOn: index % 2 === 0,
    });
    targets.push(stack.use(await openIpmiServer({ chassis, randomBytes })).port);
  }
  const [rssSimulated, socketsSimulated] = [megabytes(), descriptors()];
  const port = stack.use(await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() }));

  const started = performance.now();
  let [answered, wrong, dead] = [0, 0, 0];
  let aliveDone = 0;
  const alive = targets.filter((_, index) => index % 10 !== 9).length;
  const poll = async (udpPort: number, index: number) => {
    try {
      await using bmc = await openIpmi({
        port,
        clock: systemClock,
        randomBytes,
        host: "127.0.0.1",
        udpPort,
        user: "admin",
        password: "secret",
        patience,
        keepAliveMs: 0,
      });
      if ((await bmc.power.read()) !== (index % 2 === 0 ? "on" : "off")) wrong++;
      answered++;
    } catch {
      dead++;
    }
  };
  // The dead wait on their own timers: only live ones take a place in the line.
  let next = 0;
  const waiting: Promise<void>[] = [];
  const worker = async () => {
    while (next < targets.length) {
      const index = next++;
      const polled = poll(targets[index]!, index);
      if (index % 10 === 9) waiting.push(polled);
      else await polled;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  aliveDone = performance.now() - started;
  await Promise.all(waiting);
  const sweepMs = performance.now() - started;
  log(
    `${size} BMCs: ${answered} of ${alive} answered in ${aliveDone.toFixed(0)} ms, ${dead} found dead after ${sweepMs.toFixed(0)} ms, ${wrong} wrong; ` +
      `simulators ${rssSimulated - rssBefore} MB and ${socketsSimulated} descriptors, sweep ${megabytes() - rssSimulated} MB and ${descriptors() - socketsSimulated} sockets more`,
  );
  if (wrong > 0 || answered !== alive)
    throw new Error(`Cannot trust the sweep: ${answered} of ${alive} answered, ${wrong} wrongly`);
  return { sweepMs, dead };
}
