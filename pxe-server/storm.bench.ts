// A boot storm: a thousand simulated machines power on within ten seconds, each with the whole exchange: DHCP, loader
// by TFTP (the real ones), DHCP again as iPXE, two scripts, kernel and initramfs by HTTP (scaled down). Beside it the
// same machines and files with dnsmasq and nginx. Ours is as it comes, and looks on the wire for 100 ms before it offers
// an address for the first time; dnsmasq's own look, which would cost each machine 3 s, is off. Needs root, for network
// namespaces of its own.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Comparison } from "../workshop/bench.ts";
import type { StormResult } from "./storm/main.ts";

const [serverSide, clientSide] = [`ingot-storm-s${process.pid}`, `ingot-storm-c${process.pid}`];
const address = "10.9.0.1";
const origin = `http://${address}:8080`;
/** The machines' side of the wire answers for all of them. */
const machines = { route: "10.9.16.0/20", pool: ["10.9.16.0", "10.9.31.255"] } as const;
const sizes = { kernel: 1_000_000, initrd: 2_000_000 };

interface Folder {
  readonly path: string;
  readonly loaders: string;
}

interface Contender {
  readonly name: string;
  /** Writes its configuration; returns the command lines that serve together. */
  readonly prepare: (folder: Folder) => readonly (readonly [command: string, ...args: string[]])[];
}

const contenders: readonly Contender[] = [
  {
    name: "ours",
    prepare: ({ path, loaders }) => {
      const dhcp = { mode: "full", subnets: [{ subnet: "10.9.0.0/16", pool: machines.pool }] };
      const config = {
        segments: [{ interface: "s0", address, dhcp }],
        leases: join(path, "leases"),
        rules: [{ name: "storm", boot: { kernel: "kernel", initrd: ["initrd"], args: ["console=ttyS0"] } }],
      };
      writeFileSync(join(path, "boot.yaml"), JSON.stringify(config));
      const program = join(import.meta.dirname, "main.ts");
      return [[process.execPath, program, "--config", join(path, "boot.yaml"), "--loaders", loaders]];
    },
  },
  {
    name: "dnsmasq+nginx",
    prepare: ({ path, loaders }) => {
      const dnsmasq = [
        ...["--no-daemon", "--port=0", "--interface=s0", "--bind-interfaces", "--no-ping", "--user=root"],
        ...[
          "--conf-file=/dev/null",
          `--pid-file=${join(path, "dnsmasq.pid")}`,
          "--quiet-dhcp",
          "--quiet-tftp",
        ],
        `--dhcp-leasefile=${join(path, "dnsmasq.leases")}`,
        `--dhcp-range=${machines.pool.join(",")},255.255.0.0,1h`,
        ...["--dhcp-lease-max=5000", "--enable-tftp", `--tftp-root=${loaders}`, "--tftp-max=5000"],
        ...["--dhcp-match=set:ipxe,175", "--dhcp-match=set:uefi,option:client-arch,7"],
        "--dhcp-boot=tag:!ipxe,tag:uefi,snponly.efi",
        "--dhcp-boot=tag:!ipxe,tag:!uefi,undionly.kpxe",
        `--dhcp-boot=tag:ipxe,${origin}/start.ipxe`,
      ];
      const kernel = `kernel ${origin}/kernel console=ttyS0\ninitrd ${origin}/initrd\nboot\n`;
      writeFileSync(join(path, "boot.ipxe"), `#!ipxe\n${kernel}`);
      writeFileSync(join(path, "start.ipxe"), `#!ipxe\nchain ${origin}/boot.ipxe?mac=\${netX/mac:hexhyp}\n`);
      writeFileSync(
        join(path, "nginx.conf"),
        `daemon off; worker_processes 2; pid ${path}/nginx.pid; error_log /dev/null;
         events { worker_connections 4096; }
         http { access_log off; sendfile on; server { listen ${address}:8080 backlog=4096; root ${path}; } }`,
      );
      return [
        ["dnsmasq", ...dnsmasq],
        ["nginx", "-c", join(path, "nginx.conf")],
      ];
    },
  },
];

/** `npm run bench -- storm [MACHINES [SECONDS [ROUNDS]]]`. The best round of each counts: other work on the machine hits all. */
export async function bench({
  log,
  args,
}: {
  log: (line: string) => void;
  args: readonly string[];
}): Promise<Comparison[]> {
  const [count = "1000", seconds = "10", rounds = "2"] = args;
  const load = { count, seconds, loaders: loadersFolder() };
  const best = new Map<string, Figures>();
  for (let round = 0; round < Number(rounds); round++) {
    for (const contender of contenders) {
      const figures = await storm(contender, load, log);
      if (contender.name === "ours" && figures.failures > 0) {
        throw new Error(`${figures.failures} machines did not boot`);
      }
      const before = best.get(contender.name);
      if (!before || isBetter(figures, before)) best.set(contender.name, figures);
    }
  }
  const [ours, peer] = contenders.map(({ name }) => best.get(name)!);
  const compare = (name: string, unit: string, of: (figures: Figures) => number): Comparison => ({
    name: `storm of ${count} machines in ${seconds} s: ${name}`,
    unit,
    ours: of(ours!),
    peer: of(peer!),
    better: "lower",
  });
  return [
    compare("most memory", "MB", ({ memoryMb }) => memoryMb),
    compare("p50", "ms", ({ p50 }) => p50),
    compare("p99", "ms", ({ p99 }) => p99),
  ];
}

interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly memoryMb: number;
  readonly failures: number;
}

const isBetter = (a: Figures, b: Figures) =>
  a.failures === b.failures ? a.p99 < b.p99 : a.failures < b.failures;

async function storm(
  { name, prepare }: Contender,
  { count, seconds, loaders }: { count: string; seconds: string; loaders: string },
  log: (line: string) => void,
): Promise<Figures> {
  const path = mkdtempSync(join(tmpdir(), "ingot-storm-"));
  chmodSync(path, 0o755);
  const servers: ChildProcess[] = [];
  // A fresh one each: the kernel's neighbour table, which has room for 1024, must not be full of the last storm.
  openNetwork();
  try {
    for (const [file, size] of Object.entries(sizes)) writeFileSync(join(path, file), patternOf(size));
    const output = openSync(join(path, "log"), "a");
    for (const [command, ...options] of prepare({ path, loaders })) {
      servers.push(inside(serverSide, [command, ...options], output));
    }
    closeSync(output);
    await ready();
    const idle = memoryOf(servers, "VmRSS");
    const { bootMs, failures, repeatedDhcp, refusedDhcp } = await powerOn(count, seconds, path, loaders);
    // A machine that never booted took at least as long as the slowest that did.
    const slowest = Math.max(...bootMs);
    const sorted = [...bootMs, ...failures.map(() => slowest)].sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] ?? Number.POSITIVE_INFINITY;
    const figures = {
      p50: at(0.5),
      p99: at(0.99),
      memoryMb: memoryOf(servers, "VmHWM"),
      failures: failures.length,
    };
    log(
      `${name}: ${bootMs.length} booted, ${failures.length} failed, ${repeatedDhcp} DHCP packets repeated, ${refusedDhcp} NAKs; ` +
        `p50 ${figures.p50.toFixed(0)}, p99 ${figures.p99.toFixed(0)}, slowest ${slowest.toFixed(0)} ms; ` +
        `memory ${idle.toFixed(0)} MB idle, ${figures.memoryMb.toFixed(0)} MB at most`,
    );
    for (const failure of failures.slice(0, 5)) log(`  ${failure}`);
    return figures;
  } finally {
    for (const server of servers) {
      const ended = once(server, "exit");
      if (server.exitCode === null && server.kill("SIGTERM")) await ended;
    }
    closeNetwork();
    rmSync(path, { recursive: true, force: true });
  }
}

async function powerOn(count: string, seconds: string, path: string, loaders: string): Promise<StormResult> {
  const files = [
    ...Object.keys(sizes).map((file) => join(path, file)),
    ...["snponly.efi", "undionly.kpxe"].map((file) => join(loaders, file)),
  ];
  const program = join(import.meta.dirname, "storm/main.ts");
  const child = inside(clientSide, [process.execPath, program, "c0", count, seconds, ...files], "pipe");
  return JSON.parse(await text(child.stdout!)) as StormResult;
}

/** Pieces that differ, so that a piece out of place is noticed. */
const patternOf = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8) + (at >> 16)) & 0xff));

function memoryOf(servers: readonly ChildProcess[], field: "VmRSS" | "VmHWM"): number {
  const kilobytes = servers.map(({ pid }) => {
    const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(line?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, size) => sum + size, 0) / 1024;
}

async function ready(): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const sockets = spawnSync("ip", ["netns", "exec", serverSide, "cat", "/proc/net/udp", "/proc/net/tcp"]);
    const list = sockets.stdout.toString();
    // Ports 67, 69 and 8080 are open.
    if ([":0043 ", ":0045 ", ":1F90 "].every((port) => list.includes(port))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("Cannot measure: the server did not start");
}

function inside(namespace: string, command: readonly string[], output: number | "pipe"): ChildProcess {
  return spawn("ip", ["netns", "exec", namespace, ...command], {
    stdio: ["ignore", output, output === "pipe" ? "inherit" : output],
  });
}

/** Set-up put them there. */
function loadersFolder(): string {
  const manifest = join(import.meta.dirname, "../assets/ipxe/manifest.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return join(import.meta.dirname, "../out/ipxe", version);
}

function openNetwork(): void {
  for (const name of [serverSide, clientSide]) ip("netns", "add", name);
  ip("link", "add", "s0", "netns", serverSide, "type", "veth", "peer", "name", "c0", "netns", clientSide);
  for (const [side, link, cidr] of [
    [serverSide, "s0", `${address}/16`],
    [clientSide, "c0", "10.9.0.2/16"],
  ] as const) {
    ip("-n", side, "address", "add", cidr, "dev", link);
    ip("-n", side, "link", "set", link, "up");
    ip("-n", side, "link", "set", "lo", "up");
  }
  // Every address of the pool is this side's own.
  ip("-n", clientSide, "route", "add", "local", machines.route, "dev", "lo");
}

function closeNetwork(): void {
  for (const name of [serverSide, clientSide]) ip("netns", "del", name);
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "inherit"] });
}
