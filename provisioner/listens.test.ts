// `ingot serve --interface`: on a network of its own, what it opens is looked at from outside of it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mayWire, onWires } from "../workshop/wires.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-listens-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.runIf(mayWire)(
  "nothing listens wider than asked, and the process says what listens where",
  async () => {
    const main = join(import.meta.dirname, "main.ts");
    const script = `
cable eth1 rack c0
ip addr add 10.1.0.1/24 dev eth1
cable eth2 rack c1
ip addr add 10.2.0.1/24 dev eth2
background ${process.execPath} ${main} serve --state-dir $dir/state --interface eth1 --dhcp 10.1.0.100-10.1.0.200
ss -Hlntu
kill -TERM $server
wait $server
cat $dir/said
`;
    const said = await onWires({ folder, script: `host rack\n${script}`, timeoutMs: 60_000 });
    const opened = said
      .split("\n")
      .map((line) => /^(tcp|udp)\s+\S+\s+\S+\s+\S+\s+(\S+):(\d+)\s/.exec(line)?.slice(1) ?? [])
      // A client of BMCs has a port that the kernel chose.
      .filter(([protocol, , port]) => port !== undefined && !(protocol === "udp" && Number(port) >= 32_768))
      .map(([protocol, address, port]) => `${protocol} ${address}:${port}`);
    expect([...new Set(opened)].sort()).toEqual([
      "tcp 10.1.0.1:8080",
      "tcp 10.1.0.1:8444",
      "tcp 10.1.0.1:8446",
      "tcp 127.0.0.1:8443",
      "udp 0.0.0.0%eth1:4011",
      "udp 0.0.0.0%eth1:67",
      "udp 10.1.0.1:69",
    ]);
    expect(said).toContain("machines and pxe-servers: 10.1.0.1:8444");
    expect(said).toContain("systems that are being installed: 10.1.0.1:8446");
    expect(said).toContain("network boot on eth1, 10.1.0.1: DHCP 67 and 4011 (full), TFTP 69, HTTP 8080");
    expect(said).toContain("people and programs: https://127.0.0.1:8443");
  },
  120_000,
);
