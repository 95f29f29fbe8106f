// MB/s of a 40 MB initramfs to 1 and to 50 curls at once: the program as it runs, beside nginx on the same file.
//
// The limit: nginx hands the file's pages to the socket (sendfile) and copies nothing, about 55 ms of CPU time for 800 MB;
// Node has no sendfile, so we read and write, 147 to 199 ms. That is 26 Gbit/s to many and 31 to one on two cores that the
// clients use too: above what a server's own card carries, so the wire, not this, is what a rack waits for.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison } from "../../workshop/bench.ts";

const megabytes = 40;
const ports = { ours: 18_081, tftp: 18_069, nginx: 18_080 };

/** `npm run bench -- http [ROUNDS]` */
export async function bench({
  log,
  args,
}: {
  log: (line: string) => void;
  args: readonly string[];
}): Promise<Comparison[]> {
  const repeats = Number(args[0] ?? 5);
  const folder = mkdtempSync(join(tmpdir(), "ingot-http-bench-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "initrd"), Buffer.alloc(megabytes * 1_000_000, "Ingot"));
  const servers = [startOurs(folder), startNginx(folder)];
  try {
    const urls = { ours: await urlOfOurs(), nginx: `http://127.0.0.1:${ports.nginx}/initrd` };
    const comparisons: Comparison[] = [];
    for (const clients of [1, 50]) {
      const best = { ours: 0, nginx: 0 };
      // Taking turns, so that a noisy minute of the machine hits both.
      for (let turn = 0; turn < repeats; turn++) {
        for (const who of ["ours", "nginx"] as const)
          best[who] = Math.max(best[who], await rate(urls[who], clients));
      }
      log(`${clients} clients: ours ${best.ours.toFixed(0)}, nginx ${best.nginx.toFixed(0)} MB/s`);
      const name = `HTTP ${megabytes} MB, ${clients} ${clients === 1 ? "client" : "clients"}`;
      comparisons.push({ name, unit: "MB/s", ours: best.ours, peer: best.nginx, better: "higher" });
    }
    return comparisons;
  } finally {
    for (const server of servers) {
      const ended = once(server, "exit");
      if (server.exitCode === null && server.kill("SIGTERM")) await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One shell starts all of them, and one alone fetches it ten times: starting processes must not be what is measured. */
async function rate(url: string, clients: number): Promise<number> {
  const times = clients === 1 ? 10 : 1;
  const script = `
    for client in $(seq ${clients}); do curl -sf -o /dev/null "${url}?[1-${times}]" & all="$all $!"; done
    for one in $all; do wait $one || exit 1; done`;
  const startMs = performance.now();
  const [code] = (await once(spawn("sh", ["-c", script], { stdio: "ignore" }), "exit")) as [number | null];
  if (code !== 0) throw new Error(`Cannot measure ${url}: curl failed`);
  return (clients * times * megabytes) / ((performance.now() - startMs) / 1000);
}

function startOurs(folder: string): ChildProcess {
  const config = {
    segments: [{ interface: "lo", address: "127.0.0.1", dhcp: { mode: "off" }, routerAnswers: false }],
    http: { port: ports.ours },
    tftp: { port: ports.tftp },
    rules: [{ name: "bench", boot: { kernel: "initrd" } }],
  };
  writeFileSync(join(folder, "boot.yaml"), JSON.stringify(config));
  const program = join(import.meta.dirname, "../main.ts");
  return spawn(process.execPath, [program, "--config", join(folder, "boot.yaml")], { stdio: "ignore" });
}

/** From the script that a machine is told; it is there as soon as the server is. */
async function urlOfOurs(): Promise<string> {
  const ask = `http://127.0.0.1:${ports.ours}/boot.ipxe?mac=52-54-00-00-00-01`;
  const retry = ["--retry", "50", "--retry-connrefused", "--retry-delay", "1"];
  const { stdout } = spawnSync("curl", ["-sf", ...retry, ask], { encoding: "utf8" });
  const [url] = /http:\S+initrd/.exec(stdout) ?? [];
  if (!url) throw new Error(`Cannot measure: ${ask} said ${JSON.stringify(stdout)}`);
  return url;
}

function startNginx(folder: string): ChildProcess {
  const config = `
    daemon off; worker_processes 2; pid ${folder}/pid; error_log /dev/null;
    events {}
    http { access_log off; sendfile on; server { listen 127.0.0.1:${ports.nginx}; root ${folder}; } }`;
  writeFileSync(join(folder, "nginx.conf"), config);
  return spawn("nginx", ["-c", join(folder, "nginx.conf")], { stdio: "ignore" });
}
