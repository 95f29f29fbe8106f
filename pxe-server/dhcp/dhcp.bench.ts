// 4-way exchanges a second at no more than 2.5 % loss, by perfdhcp over a veth pair: our server with durable leases
// beside kea-dhcp4 (memfile, persistent) and dnsmasq. Needs root, for network namespaces of its own.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison } from "../../workshop/bench.ts";

const id = process.pid;
const [serverSide, clientSide] = [`ingot-bench-s${id}`, `ingot-bench-c${id}`];
const address = "10.9.0.1";
const acceptedLoss = 0.025;
const secondsPerProbe = 3;
const pool = ["10.9.1.0", "10.9.250.255"] as const;

interface Contender {
  readonly name: string;
  /** Writes its configuration into the folder; returns its command line. */
  readonly prepare: (folder: string) => readonly [command: string, ...args: string[]];
}

const contenders: readonly Contender[] = [
  {
    name: "ours",
    prepare: (folder) => {
      const dhcp = { mode: "full", subnets: [{ subnet: "10.9.0.0/16", pool }] };
      const config = { segments: [{ interface: "s0", address, dhcp }], leases: join(folder, "leases") };
      writeFileSync(join(folder, "boot.yaml"), JSON.stringify(config));
      return [
        process.execPath,
        join(import.meta.dirname, "../main.ts"),
        "--config",
        join(folder, "boot.yaml"),
      ];
    },
  },
  {
    name: "kea",
    prepare: (folder) => {
      const config = {
        "interfaces-config": { interfaces: ["s0"], "dhcp-socket-type": "udp" },
        "lease-database": { type: "memfile", persist: true, name: join(folder, "leases.csv") },
        subnet4: [{ subnet: "10.9.0.0/16", pools: [{ pool: pool.join("-") }] }],
        "multi-threading": { "enable-multi-threading": true, "thread-pool-size": 2, "packet-queue-size": 64 },
      };
      writeFileSync(join(folder, "kea.json"), JSON.stringify({ Dhcp4: config }));
      return ["kea-dhcp4", "-c", join(folder, "kea.json")];
    },
  },
  {
    name: "dnsmasq",
    prepare: (folder) => {
      const where = ["--port=0", "--interface=s0", "--bind-interfaces", "--no-ping", "--user=root"];
      const files = [
        `--dhcp-leasefile=${join(folder, "leases")}`,
        "--conf-file=/dev/null",
        `--pid-file=${join(folder, "pid")}`,
      ];
      const range = [
        `--dhcp-range=${pool.join(",")},255.255.0.0,1h`,
        "--dhcp-lease-max=70000",
        "--quiet-dhcp",
      ];
      return ["dnsmasq", "--no-daemon", ...where, ...files, ...range];
    },
  },
];

export async function bench({
  log,
  args,
}: {
  log: (line: string) => void;
  args: readonly string[];
}): Promise<Comparison[]> {
  const wanted = contenders.filter(({ name }) => args.length === 0 || args.includes(name));
  const best = new Map<string, number>();
  openNetwork();
  try {
    for (const contender of wanted) {
      best.set(contender.name, await fastest(contender, log));
      log(`${contender.name}: ${best.get(contender.name)} exchanges/s`);
    }
  } finally {
    closeNetwork();
  }
  return ["dnsmasq", "kea"].flatMap((peer): Comparison[] => {
    const [ours, theirs] = [best.get("ours"), best.get(peer)];
    if (ours === undefined || theirs === undefined) return [];
    return [{ name: `DHCP beside ${peer}`, unit: "exchanges/s", ours, peer: theirs, better: "higher" }];
  });
}

/** Doubles the rate until too much is lost, then halves the interval a few times. Every probe has a fresh server. */
async function fastest(contender: Contender, log: (line: string) => void): Promise<number> {
  let good = 0;
  let bad = Number.POSITIVE_INFINITY;
  let best = 0;
  for (
    let rate = 250, probes = 0;
    probes < 12 && (bad === Number.POSITIVE_INFINITY || bad - good > good / 10);
    probes++
  ) {
    const { achieved, loss } = await probe(contender, rate);
    log(
      `  ${contender.name} asked for ${rate}/s: ${achieved.toFixed(0)}/s, ${(loss * 100).toFixed(1)} % lost`,
    );
    if (loss <= acceptedLoss) {
      good = rate;
      best = Math.max(best, achieved);
    } else bad = rate;
    rate = Math.round(bad === Number.POSITIVE_INFINITY ? rate * 2 : (good + bad) / 2);
  }
  return Math.round(best);
}

async function probe(contender: Contender, rate: number): Promise<{ achieved: number; loss: number }> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-dhcp-bench-"));
  const [command, ...args] = contender.prepare(folder);
  const environment = {
    ...process.env,
    KEA_PIDFILE_DIR: folder,
    KEA_LOCKFILE_DIR: "none",
    KEA_DHCP_DATA_DIR: folder,
  };
  const server = spawn("ip", ["netns", "exec", serverSide, command, ...args], {
    stdio: "ignore",
    env: environment,
  });
  try {
    await ready(server);
    const run = ["-4", "-l", "c0", "-r", String(rate), "-R", "60000", "-p", String(secondsPerProbe), address];
    const { stdout } = spawnSync("ip", ["netns", "exec", clientSide, "perfdhcp", ...run], {
      encoding: "utf8",
    });
    const sent = numbers(stdout, /sent packets: (\d+)/g);
    const drops = numbers(stdout, /drops: (\d+)/g);
    const losses = sent.map((count, index) => (count > 0 ? (drops[index] ?? count) / count : 1));
    return {
      achieved: numbers(stdout, /Rate: ([\d.]+)/g)[0] ?? 0,
      loss: Math.max(1 - Math.sign(sent.length), ...losses),
    };
  } finally {
    const ended = once(server, "exit");
    server.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

const numbers = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, digits]) => Number(digits));

/** One exchange by perfdhcp that is answered means that the server is up. */
async function ready(server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 50 && server.exitCode === null; attempt++) {
    const once = ["-4", "-l", "c0", "-r", "5", "-n", "1", "-R", "1", "-W", "200000", address];
    const { stdout } = spawnSync("ip", ["netns", "exec", clientSide, "perfdhcp", ...once], {
      encoding: "utf8",
    });
    if (numbers(stdout, /received packets: (\d+)/g).some((count) => count > 0)) return;
  }
  throw new Error(`Cannot measure ${server.spawnargs.slice(3).join(" ")}: it answered nobody`);
}

function openNetwork(): void {
  for (const name of [serverSide, clientSide]) ip("netns", "add", name);
  ip("link", "add", "s0", "netns", serverSide, "type", "veth", "peer", "name", "c0", "netns", clientSide);
  for (const [side, link, cidr] of [
    [serverSide, "s0", `${address}/16`],
    [clientSide, "c0", "10.9.255.1/16"],
  ] as const) {
    ip("-n", side, "address", "add", cidr, "dev", link);
    ip("-n", side, "link", "set", link, "up");
    ip("-n", side, "link", "set", "lo", "up");
  }
}

function closeNetwork(): void {
  for (const name of [serverSide, clientSide]) ip("netns", "del", name);
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "inherit"] });
}
