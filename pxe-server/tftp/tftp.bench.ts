// MB/s of real clients (curl, and atftp for windows) from our server beside tftpd-hpa, dnsmasq and atftpd: one client
// and fifty, 1 MB and 40 MB, windows of 1, 4, 16 and 64. Needs root, for a network namespace of its own: dnsmasq serves
// on port 69 alone.
//
// The limit at window 1: a block is a packet in and a packet out, and on loopback the kernel does the client's half of
// the delivery in our send. Of the 8.7 us of CPU time that a block costs us (one worker, 50 clients), most are the
// kernel's; dnsmasq's block costs 8.0, atftpd's 11, tftpd-hpa's 13, and the client itself spends 24: here, all of them
// are as fast as their clients. Two workers cost 10 us, because each wakes for fewer packets; they pay where cores are
// idle.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison } from "../../workshop/bench.ts";

const namespace = `ingot-bench-tftp${process.pid}`;
const inside = ["netns", "exec", namespace];
const megabyte = 1_000_000;

interface Load {
  readonly name: string;
  readonly clients: number;
  readonly megabytes: number;
  readonly window: number;
}
/** Machines boot at the same time, by firmware that knows no windows: that comparison is the last, the main one. */
const loads: readonly Load[] = [64, 16, 4, 1].flatMap((window) =>
  [40, 1].flatMap((megabytes) =>
    [1, 50].map((clients) => ({
      name: `${clients} ${clients === 1 ? "client" : "clients"}, ${megabytes} MB, window ${window}`,
      clients,
      megabytes,
      window,
    })),
  ),
);
/** A load so big that a second turn says nothing that the first did not. */
const isBig = ({ clients, megabytes }: Load) => clients * megabytes > 1000;

type Start = (folder: string) => readonly [command: string, ...args: string[]];
const servers: Readonly<Record<string, Start>> = {
  ours: (folder) => [process.execPath, "--input-type=module-typescript", "-e", ourServer(folder)],
  "tftpd-hpa": (folder) => [
    "in.tftpd",
    "--foreground",
    "--address",
    ":69",
    "--user",
    "root",
    "--secure",
    folder,
  ],
  dnsmasq: (folder) => [
    ...([
      "dnsmasq",
      "--no-daemon",
      "--port=0",
      "--conf-file=/dev/null",
      "--user=root",
      "--tftp-max=500",
    ] as const),
    ...["--enable-tftp", `--tftp-root=${folder}`, `--pid-file=${folder}/pid`, "--listen-address=127.0.0.1"],
  ],
  atftpd: (folder) => [
    unpackedAtftpd(folder),
    "--daemon",
    "--no-fork",
    "--user",
    "root",
    "--maxthread",
    "200",
    folder,
  ],
};

/** Serves the bench's files from memory, as the product does its loaders. */
const ourServer = (folder: string) => `
  import { readAsset } from ${JSON.stringify(join(import.meta.dirname, "../asset-file.ts"))};
  import { systemClock } from ${JSON.stringify(join(import.meta.dirname, "../system-clock.ts"))};
  import { openTftpServer } from ${JSON.stringify(join(import.meta.dirname, "server.ts"))};
  const files = new Map();
  for (const file of ["ready.bin", "1.bin", "40.bin"]) files.set(file, await readAsset(${JSON.stringify(folder)} + "/" + file));
  await openTftpServer({
    addresses: ["127.0.0.1"], port: 69, clock: systemClock, workers: 2, onEvent: () => {}, maxTransfersPerClient: 200,
    find: async (file) => files.has(file) ? { content: files.get(file).bytes } : { refuse: "notFound", why: "none" },
  });`;

/** `npm run bench -- tftp [ROUNDS [PART-OF-A-LOAD …]]`, such as `-- tftp 5 "50 clients" "1 MB"`. */
export async function bench({
  log,
  args,
}: {
  log: (line: string) => void;
  args: readonly string[];
}): Promise<Comparison[]> {
  const repeats = Number(args[0] ?? 2);
  const wanted = loads.filter(({ name }) => args.slice(1).every((part) => name.includes(part)));
  const folder = mkdtempSync(join(tmpdir(), "ingot-tftp-bench-"));
  const names = Object.keys(servers);
  const figures = new Map<string, number>();
  execFileSync("ip", ["netns", "add", namespace]);
  try {
    execFileSync("ip", ["-n", namespace, "link", "set", "lo", "up"]);
    writeFileSync(join(folder, "ready.bin"), "ready");
    for (const size of [1, 40])
      writeFileSync(join(folder, `${size}.bin`), Buffer.alloc(size * megabyte, "Ingot"));
    for (const load of wanted) {
      // Taking turns, so that a noisy minute of the machine hits all of them.
      for (let turn = 0; turn < (isBig(load) ? 1 : repeats); turn++) {
        for (const name of names) {
          const rate = await measure(servers[name]!(folder), load);
          const key = `${load.name} ${name}`;
          figures.set(key, Math.max(figures.get(key) ?? 0, rate));
        }
      }
      log(
        `${load.name}: ${names.map((name) => `${name} ${figures.get(`${load.name} ${name}`)!.toFixed(1)}`).join(", ")} MB/s`,
      );
    }
  } finally {
    execFileSync("ip", ["netns", "del", namespace]);
    rmSync(folder, { recursive: true, force: true });
  }
  return wanted.map(({ name }) => ({
    name: `TFTP ${name}`,
    unit: "MB/s",
    ours: figures.get(`${name} ours`)!,
    peer: Math.max(...names.slice(1).map((peer) => figures.get(`${name} ${peer}`)!)),
    better: "higher",
  }));
}

async function measure([command, ...args]: readonly [string, ...string[]], load: Load): Promise<number> {
  const server = spawn("ip", [...inside, command, ...args], { stdio: "ignore" });
  try {
    waitUntilReady(command);
    // Twice, because a server that has just started is not what machines meet.
    return isBig(load) ? await rateOf(load) : Math.max(await rateOf(load), await rateOf(load));
  } finally {
    const ended = once(server, "exit");
    server.kill("SIGTERM");
    await ended;
  }
}

async function rateOf(load: Load): Promise<number> {
  const startMs = performance.now();
  const code = await fetchAtOnce(load);
  const seconds = (performance.now() - startMs) / 1000;
  return code === 0 ? (load.clients * load.megabytes) / seconds : 0;
}

/** One shell starts all of them: starting processes must not be what is measured. */
async function fetchAtOnce({ clients, megabytes, window }: Load): Promise<number> {
  const file = `${megabytes}.bin`;
  const command =
    window === 1
      ? ["curl", "-sf", "--tftp-blksize", "1428", "-o", "/dev/null", `tftp://127.0.0.1/${file}`]
      : [
          ...["atftp", "-g", "-r", file, "-l", "/dev/null", "127.0.0.1"],
          ...["--option", `"windowsize ${window}"`, "--option", '"blksize 1428"'],
        ];
  const script = `
    for client in $(seq ${clients}); do ${command.join(" ")} & all="$all $!"; done
    for one in $all; do wait $one || exit 1; done`;
  const shell = spawn("ip", [...inside, "sh", "-c", script], { stdio: "ignore" });
  const [code] = (await once(shell, "exit")) as [number | null];
  return code ?? 1;
}

function waitUntilReady(server: string): void {
  for (let attempt = 0; attempt < 50; attempt++) {
    const probe = ["curl", "-sf", "--max-time", "1", "-o", "/dev/null", "tftp://127.0.0.1/ready.bin"];
    if (spawnSync("ip", [...inside, ...probe]).status === 0) return;
    spawnSync("sleep", ["0.1"]);
  }
  throw new Error(`Cannot measure ${server}: it did not start`);
}

/** Its package and tftpd-hpa's cannot be installed beside each other, so it is only unpacked. */
function unpackedAtftpd(folder: string): string {
  const path = join(folder, "atftpd/usr/sbin/atftpd");
  if (!existsSync(path)) {
    const unpack =
      "apt-get -qq -o APT::Sandbox::User=root download atftpd && dpkg-deb -x atftpd_*.deb atftpd";
    execFileSync("sh", ["-c", unpack], { cwd: folder });
  }
  return path;
}
