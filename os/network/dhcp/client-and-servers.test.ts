// The client through the whole life of a lease, with DHCP servers of others; hours pass as fast as they answer.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DhcpClient } from "./client.ts";

/** How each server is started so that it lends one address, and what it says when it is ready. */
const servers = {
  dnsmasq: {
    ready: "DHCP, IP range",
    ends: "refused",
    start: `(lent, folder) => ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--bind-interfaces", "--interface=far",
      "--user=root", "--dhcp-authoritative", "--no-ping", "--dhcp-leasefile=" + folder + "/leases-" + lent, "--pid-file=" + folder + "/pid",
      "--log-facility=-", "--dhcp-range=" + lent + "," + lent + ",255.255.255.0,1h"]`,
  },
  "kea-dhcp4": {
    ready: "DHCP4_STARTED",
    // It says nothing to whom it does not know (RFC 2131 §4.3.2).
    ends: "the lease is over",
    start: `(lent, folder) => {
      const Dhcp4 = { "interfaces-config": { interfaces: ["far"], "dhcp-socket-type": "raw" }, "lease-database": { type: "memfile", persist: false },
        authoritative: true, "valid-lifetime": 3600, "renew-timer": 1800, "rebind-timer": 3150,
        subnet4: [{ subnet: "192.0.2.0/24", pools: [{ pool: lent + "-" + lent }] }],
        loggers: [{ name: "kea-dhcp4", severity: "INFO", output_options: [{ output: "stderr" }] }] };
      writeFileSync(folder + "/kea.json", JSON.stringify({ Dhcp4 }));
      return ["env", "KEA_PIDFILE_DIR=" + folder, "KEA_LOCKFILE_DIR=none", "kea-dhcp4", "-c", folder + "/kea.json"];
    }`,
  },
} as const;

const program = (folder: string, { ready, ends, start }: (typeof servers)[keyof typeof servers]) => `
  import { execFileSync, spawn } from "node:child_process";
  import { once } from "node:events";
  import { writeFileSync } from "node:fs";
  import { createInterface } from "node:readline";
  import { DhcpClient } from "./client.ts";
  import { PacketSocket } from "../../kernel/packet-socket.ts";
  const folder = ${JSON.stringify(folder)};
  const ip = (...args) => execFileSync("ip", args, { encoding: "utf8" });
  // The server is another host: its answers to our address must come over the cable.
  const host = spawn("unshare", ["--net", "sh", "-c", "echo here; exec sleep 1000"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(host.stdout, "data");
  const there = ["nsenter", "--net=/proc/" + host.pid + "/ns/net"];
  const onHost = (...args) => execFileSync(there[0], [...there.slice(1), "ip", ...args]);
  ip("link", "add", "near", "address", "52:54:00:00:00:07", "type", "veth", "peer", "name", "far", "netns", String(host.pid));
  onHost("address", "add", "192.0.2.1/24", "dev", "far");
  onHost("link", "set", "far", "up");
  ip("link", "set", "near", "up");
  const start = ${start};
  const serve = async (lent) => {
    const [command, ...args] = [...there, ...start(lent, folder)];
    const server = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    await new Promise((done) => createInterface({ input: server.stderr }).on("line", (line) => line.includes(${JSON.stringify(ready)}) && done()));
    return { async [Symbol.asyncDispose]() { server.kill(); await once(server, "exit"); } };
  };
  // Time that passes by itself, and at a word leaps to what is next.
  let leapt = 0;
  const timers = new Set();
  const now = () => Date.now() + leapt;
  const forget = (timer) => { timers.delete(timer); clearTimeout(timer.handle); };
  const at = (time, call) => {
    const timer = { time, call: () => { forget(timer); call(); } };
    timer.handle = setTimeout(timer.call, Math.max(0, Math.min(time - now(), 2 ** 31 - 1)));
    timers.add(timer);
    return { [Symbol.dispose]: () => forget(timer) };
  };
  const leap = () => {
    const [next] = [...timers].sort((a, b) => a.time - b.time);
    leapt += Math.max(0, next.time - now());
    next.call();
  };
  const said = [];
  const news = [];
  let wake = () => {};
  const told = async () => {
    while (news.length === 0) await new Promise((resolve) => { wake = resolve; });
    return news.shift();
  };
  const index = JSON.parse(ip("-json", "link", "show", "near"))[0].ifindex;
  const facts = {};
  try {
    using client = new DhcpClient({
      mac: "52:54:00:00:00:07", hostName: "node-7", random: Math.random, said: (why) => said.push(why), clock: { now, at },
      leased: (lease) => { news.push(lease); wake(); },
      open: (received, failed) => new PacketSocket({ interfaceIndex: index, udpPort: 68, received, failed }),
    });
    {
      await using first = await serve("192.0.2.100");
      const lent = await told();
      ip("address", "add", lent.address + "/24", "dev", "near");
      leap();
      const renewed = await told();
      facts.renewed = [renewed.address, renewed.expiresAtMs > lent.expiresAtMs, said.at(-2)];
    }
    while (said.at(-1) !== "asking any server for more time") leap();
    {
      await using second = await serve("192.0.2.100");
      leap();
      const rebound = await told();
      facts.rebound = [rebound.address, said.at(-2)];
    }
    {
      await using third = await serve("192.0.2.200");
      leap();
      if (${ends !== "refused"}) while (!said.at(-1).startsWith(${JSON.stringify(ends)})) leap();
      facts.lost = [(await told()) === undefined, said.at(-1).split(":")[0]];
      leap();
      facts.another = (await told()).address;
    }
    console.log(JSON.stringify(facts));
  } finally {
    host.kill();
  }`;

test.each(Object.keys(servers) as (keyof typeof servers)[])(
  "with %s a lease is renewed, taken over by a server that came back, and given up for another's",
  (name) => {
    const folder = mkdtempSync(join(tmpdir(), "ingot-dhcp-"));
    try {
      const flags = ["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
      const { stdout, stderr } = spawnSync(
        "unshare",
        [...flags, process.execPath, "--input-type=module", "--eval", program(folder, servers[name])],
        { encoding: "utf8", cwd: import.meta.dirname, timeout: 60_000, killSignal: "SIGKILL" },
      );
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toEqual({
        renewed: ["192.0.2.100", true, "asking for more time"],
        rebound: ["192.0.2.100", "asking any server for more time"],
        lost: [true, servers[name].ends],
        another: "192.0.2.200",
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  90_000,
);

test("what a link does not take is said, and sent again", () => {
  const said: string[] = [];
  const wakes: (() => void)[] = [];
  let sent = 0;
  let nowMs = 0;
  using client = new DhcpClient({
    mac: "52:54:00:00:00:07",
    hostName: undefined,
    random: () => 0.5,
    leased: () => {},
    said: (why) => said.push(why),
    clock: {
      now: () => nowMs,
      at(timeMs, call) {
        wakes.push(() => {
          nowMs = timeMs;
          call();
        });
        return { [Symbol.dispose]: () => {} };
      },
    },
    open: () => ({
      broadcast() {
        if (sent++ === 0) throw new Error("Cannot send: ENOBUFS");
      },
      [Symbol.dispose]: () => {},
    }),
  });
  expect(said).toContain("Cannot send: ENOBUFS");
  wakes.at(-1)!();
  expect(sent).toBe(2);
  void client;
});
