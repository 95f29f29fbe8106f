// MB/s of a 40 MB initramfs to 1 and to 50 curls at once, beside nginx on the same file.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison } from "../../workshop/bench.ts";
import { assetOf } from "../asset-file.ts";
import type { Booter } from "../booter.ts";
import { Boots } from "../boots.ts";
import { systemClock } from "../system-clock.ts";
import { openHttpServer } from "./server.ts";

const megabytes = 40;
const content = Buffer.alloc(megabytes * 1_000_000, "Ingot");
const nginxPort = 18_080;

export async function bench({
  log,
  args,
}: {
  log: (line: string) => void;
  args: readonly string[];
}): Promise<Comparison[]> {
  const repeats = Number(args[0] ?? 3);
  const folder = mkdtempSync(join(tmpdir(), "ingot-http-bench-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "initrd"), content);
  const nginx = startNginx(folder);
  const { signal } = new AbortController();
  const asset = assetOf(content);
  const booter: Booter = {
    plan: async () => ({ do: "kernel", why: "bench", kernel: "initrd", initrds: [], args: [] }),
    asset: async () => asset,
    report: () => {},
  };
  const boots = new Boots({ booter, clock: systemClock, newId: () => "bench", onReport: () => {}, signal });
  const boot = boots.resume({ mac: "52:54:00:00:00:01" });
  await using server = await openHttpServer({
    addresses: ["127.0.0.1"],
    port: 0,
    clock: systemClock,
    booter,
    boots,
    loader: () => undefined,
    bootAt: async () => undefined,
    metrics: () => "",
    onWarning: log,
    signal,
  });
  const urls = {
    ours: `http://127.0.0.1:${server.endpoints[0]!.port}/boots/${boot.id}/initrd`,
    nginx: `http://127.0.0.1:${nginxPort}/initrd`,
  };
  try {
    const comparisons: Comparison[] = [];
    for (const clients of [1, 50]) {
      const best = { ours: 0, nginx: 0 };
      for (let turn = 0; turn < repeats; turn++) {
        for (const who of ["ours", "nginx"] as const)
          best[who] = Math.max(best[who], await rate(urls[who], clients));
      }
      log(`${clients} clients: ours ${best.ours.toFixed(0)}, nginx ${best.nginx.toFixed(0)} MB/s`);
      const name = `HTTP ${megabytes} MB, clients ${clients}`;
      comparisons.push({ name, unit: "MB/s", ours: best.ours, peer: best.nginx, better: "higher" });
    }
    return comparisons;
  } finally {
    nginx.kill("SIGTERM");
    await once(nginx, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rate(url: string, clients: number): Promise<number> {
  const startMs = performance.now();
  const codes = await Promise.all(
    Array.from({ length: clients }, async () => {
      const curl = spawn("curl", [
        "-sf",
        "--retry",
        "20",
        "--retry-connrefused",
        "--retry-delay",
        "1",
        "-o",
        "/dev/null",
        url,
      ]);
      return ((await once(curl, "exit")) as [number])[0];
    }),
  );
  if (codes.some((code) => code !== 0)) throw new Error(`Cannot measure ${url}: curl failed`);
  return (clients * megabytes) / ((performance.now() - startMs) / 1000);
}

function startNginx(folder: string): ChildProcess {
  const config = `
    daemon off; worker_processes 2; pid ${folder}/pid; error_log /dev/null;
    events {}
    http { access_log off; sendfile on; server { listen 127.0.0.1:${nginxPort}; root ${folder}; } }`;
  writeFileSync(join(folder, "nginx.conf"), config);
  return spawn("nginx", ["-c", join(folder, "nginx.conf")], { stdio: "ignore" });
}
