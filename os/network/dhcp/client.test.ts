import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

/** dnsmasq on one end of a cable, the client on the other, in namespaces that end with the script. */
function withDnsmasq(options: readonly string[], script: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), "ingot-dhcp-"));
  const program = `
    import { execFileSync, spawn } from "node:child_process";
    import { once } from "node:events";
    import { createInterface } from "node:readline";
    import { DhcpClient } from "./client.ts";
    import { PacketSocket } from "../../kernel/packet-socket.ts";
    const ip = (...args) => execFileSync("ip", args, { encoding: "utf8" });
    ip("link", "add", "near", "address", "52:54:00:00:00:07", "type", "veth", "peer", "name", "far");
    ip("address", "add", "192.0.2.1/24", "dev", "far");
    ip("link", "set", "far", "up");
    ip("link", "set", "near", "up");
    const dnsmasq = spawn("dnsmasq", ["--no-daemon", "--conf-file=/dev/null", "--port=0", "--bind-interfaces", "--interface=far",
      "--user=root", "--dhcp-authoritative", "--no-ping", "--dhcp-leasefile=${folder}/leases", "--pid-file=${folder}/pid", "--log-facility=-", "--log-dhcp",
      ...${JSON.stringify(options)}], { stdio: ["ignore", "ignore", "pipe"] });
    const lines = createInterface({ input: dnsmasq.stderr });
    const heard = [];
    await new Promise((ready) => lines.on("line", (line) => { heard.push(line); if (/sockets bound|DHCP, IP range/.test(line)) ready(); }));
    const index = JSON.parse(ip("-json", "link", "show", "near"))[0].ifindex;
    const said = [];
    const run = (leased) => new DhcpClient({
      mac: "52:54:00:00:00:07", hostName: "node-7", random: Math.random, leased, said: (why) => said.push(why),
      clock: { now: Date.now, at(time, call) { const timer = setTimeout(call, Math.max(0, Math.min(time - Date.now(), 2 ** 31 - 1))); return { [Symbol.dispose]: () => clearTimeout(timer) }; } },
      open: (received, failed) => new PacketSocket({ interfaceIndex: index, udpPort: 68, received, failed }),
    });
    const say = (value) => console.log(JSON.stringify(value));
    try { ${script} } finally { dnsmasq.kill(); await once(dnsmasq, "exit"); }`;
  try {
    const { stdout, stderr } = spawnSync(
      "unshare",
      [
        "--user",
        "--map-root-user",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        process.execPath,
        "--input-type=module",
        "--eval",
        program,
      ],
      { encoding: "utf8", cwd: import.meta.dirname, timeout: 25_000, killSignal: "SIGKILL" },
    );
    expect(stderr).toBe("");
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a real dnsmasq lends an address with all that belongs to it", () => {
  const options = [
    "--dhcp-range=192.0.2.100,192.0.2.100,255.255.255.0,1h",
    "--dhcp-option=option:router,192.0.2.1",
    "--dhcp-option=option:dns-server,192.0.2.53,192.0.2.54",
    "--dhcp-option=option:domain-name,rack.example",
    "--dhcp-option=option:ntp-server,192.0.2.123",
    "--dhcp-option=option:mtu,1400",
    "--dhcp-option=option:classless-static-route,0.0.0.0/0,192.0.2.1,10.0.0.0/8,192.0.2.2",
  ];
  const script = `
    const { promise, resolve } = Promise.withResolvers();
    using client = run(resolve);
    const lease = await promise;
    say({ ...lease, renewAtMs: lease.renewAtMs - lease.obtainedAtMs, expiresAtMs: lease.expiresAtMs - lease.obtainedAtMs, named: heard.some((line) => line.includes("client provides name: node-7")) });`;
  expect(withDnsmasq(options, script)).toMatchObject({
    address: "192.0.2.100",
    prefixLength: 24,
    server: "192.0.2.1",
    nameServers: ["192.0.2.53", "192.0.2.54"],
    searchDomains: ["rack.example"],
    timeServers: ["192.0.2.123"],
    mtu: 1400,
    routes: [
      { destination: "0.0.0.0/0", router: "192.0.2.1" },
      { destination: "10.0.0.0/8", router: "192.0.2.2" },
    ],
    renewAtMs: 1_800_000,
    expiresAtMs: 3_600_000,
    named: true,
  });
});
