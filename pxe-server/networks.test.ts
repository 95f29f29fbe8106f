// Networks as they are: several interfaces, relays, strangers with addresses of our pools. Real clients and a real
// relay; tshark reads what we sent.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mayWire, onWires } from "../workshop/wires.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-networks-"));
});
afterEach(() => rm(folder, { recursive: true }));

const pool = (net: string, more: object = {}) => ({
  subnet: `${net}.0/24`,
  pool: [`${net}.100`, `${net}.110`],
  ...more,
});
const full = (...subnets: object[]) => ({ mode: "full", subnets });
/** It asks so often before it gives up, once a second: a busy machine may take long to answer. */
const lease = (host: string, device: string) =>
  `on ${host} busybox udhcpc -i ${device} -q -n -f -t 20 -T 1 -s /bin/true 2>&1 | grep 'lease of' || true`;

async function network(segments: readonly object[], script: string, after: string): Promise<string> {
  const config = {
    segments,
    rules: [{ name: "lab", boot: { disk: "exit" } }],
    leases: join(folder, "leases"),
  };
  await writeFile(join(folder, "boot.yaml"), JSON.stringify(config));
  const main = join(import.meta.dirname, "main.ts");
  return onWires({
    folder,
    script: `
      ${script}
      background ${process.execPath} ${main} --config $dir/boot.yaml --trace --capture $dir/pcap
      ${after}
      kill $server; wait $server || true
      cat $dir/said $dir/leases`,
  });
}

async function packets(filter: string, ...fields: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)("tshark", [
    ...["-r", join(folder, "pcap"), "-Y", filter, "-T", "fields", "-E", "separator=|"],
    ...fields.flatMap((field) => ["-e", field]),
  ]);
  return stdout.split("\n").filter((line) => line !== "");
}

describe.skipIf(!mayWire)("on real networks", () => {
  test("a client is answered by the interface that it asked on", async () => {
    const said = await network(
      [
        { interface: "s0", address: "10.8.0.1", dhcp: full(pool("10.8.0")) },
        { interface: "s1", address: "10.9.0.1", dhcp: full(pool("10.9.0")) },
      ],
      `host a
      host b
      cable s0 a c0 52:54:00:00:08:01
      cable s1 b c0 52:54:00:00:08:02
      ip address add 10.8.0.1/24 dev s0
      ip address add 10.9.0.1/24 dev s1`,
      `${lease("a", "c0")}
      ${lease("b", "c0")}
      ${lease("a", "c0")}`,
    );
    expect([...said.matchAll(/lease of (\S+) obtained/g)].map(([, address]) => address)).toEqual([
      "10.8.0.100",
      "10.9.0.100",
      "10.8.0.100",
    ]);
    expect(said).toContain("bound 10.8.0.100 52:54:00:00:08:01");
    expect(said).toContain("bound 10.9.0.100 52:54:00:00:08:02");
    expect(await packets("_ws.malformed", "frame.number")).toEqual([]);
  });

  test("an address that a stranger uses is not offered", async () => {
    const said = await network(
      [{ interface: "br0", address: "10.8.0.1", dhcp: full(pool("10.8.0")) }],
      `ip link add br0 type bridge stp_state 0 forward_delay 0
      host client
      host stranger
      cable s0 client c0 52:54:00:00:08:01
      cable s1 stranger c1 52:54:00:00:08:66
      for end in s0 s1; do ip link set $end master br0; done
      ip address add 10.8.0.1/24 dev br0
      ip link set br0 up
      on stranger ip address add 10.8.0.100/24 dev c1`,
      // A bridge takes a moment to let a new port speak.
      `until busybox ping -c 1 -W 1 10.8.0.100 > /dev/null; do :; done
      ${lease("client", "c0")}`,
    );
    expect(said).toContain("lease of 10.8.0.101 obtained");
    expect(said).toContain("10.8.0.100 is not offered: 52:54:00:00:08:66 uses it without a lease");
    expect(said).toContain("declined 10.8.0.100");
  });

  test("a client behind a real relay gets an address of its own subnet, and the relay its option 82 back", async () => {
    const said = await network(
      [
        {
          interface: "s0",
          address: "10.8.0.1",
          dhcp: full(pool("10.8.0"), pool("10.9.0", { routers: ["10.9.0.1"] })),
        },
      ],
      `host relay
      host client
      cable s0 relay r0
      cable r1 client c0 52:54:00:00:08:01
      move r1 relay
      ip address add 10.8.0.1/24 dev s0
      ip route add 10.9.0.0/24 via 10.8.0.2
      on relay ip address add 10.8.0.2/24 dev r0
      on relay ip address add 10.9.0.1/24 dev r1
      touch $dir/relay.leases
      ready='*Socket/fallback*'
      background on relay dhcrelay -4 -d -a -m append -pf $dir/relay-pid -iu r0 -id r1 10.8.0.1
      relay=$server
      ready='*ready*'`,
      `${lease("client", "c0")}
      kill $relay`,
    );
    expect(said).toContain("lease of 10.9.0.100 obtained");
    const sent = await packets(
      "dhcp.type == 2",
      ...["ip.src", "ip.dst", "dhcp.ip.relay", "dhcp.option.agent_information_option.agent_circuit_id"],
    );
    expect(new Set(sent)).toEqual(new Set(["10.8.0.1|10.9.0.1|10.9.0.1|7231"]));
    expect(await packets("_ws.malformed", "frame.number")).toEqual([]);
  });

  test("options that the config names reach those whom they are for", async () => {
    const options = {
      options: { tzdbTimeZone: "Europe/Zurich", "224": "0102" },
      vendorOptions: [{ vendorClass: "udhcp", options: { tftpServerAddresses: ["10.8.0.7"] } }],
    };
    await writeFile(join(folder, "script"), "#!/bin/sh\n[ $1 = bound ] && env\nexit 0\n", { mode: 0o755 });
    const said = await network(
      [{ interface: "s0", address: "10.8.0.1", dhcp: full(pool("10.8.0", options)) }],
      `host client
      cable s0 client c0 52:54:00:00:08:01
      ip address add 10.8.0.1/24 dev s0`,
      "on client busybox udhcpc -i c0 -q -n -f -O 101 -O 150 -O 224 -s $dir/script 2>&1",
    );
    expect(said).toContain("opt224=0102");
    expect(said).toContain("opt150=0a080007");
  });

  test("where only known machines get addresses, a stranger gets none", async () => {
    const reservations = [{ mac: "52:54:00:00:08:01", address: "10.8.0.7", hostName: "rack1-01" }];
    const said = await network(
      [
        {
          interface: "s0",
          address: "10.8.0.1",
          dhcp: { mode: "reservations", subnets: [{ subnet: "10.8.0.0/24", reservations }] },
        },
      ],
      `host client
      cable s0 client c0 52:54:00:00:08:01
      ip address add 10.8.0.1/24 dev s0`,
      `${lease("client", "c0")}
      on client ip link set c0 address 52:54:00:00:08:66
      on client busybox udhcpc -i c0 -q -n -f -t 2 -T 1 -s /bin/true 2>&1 || true`,
    );
    expect(said).toContain("lease of 10.8.0.7 obtained");
    expect(said).toContain("no lease");
    expect(await packets("dhcp.type == 2", "dhcp.option.hostname")).toEqual(["rack1-01", "rack1-01"]);
  });

  test("an address that a client finds in use is offered to nobody from then on", async () => {
    const said = await network(
      [{ interface: "br0", address: "10.8.0.1", dhcp: { ...full(pool("10.8.0")), conflictProbe: false } }],
      `ip link add br0 type bridge stp_state 0 forward_delay 0
      host client
      host stranger
      cable s0 client c0 52:54:00:00:08:01
      cable s1 stranger c1 52:54:00:00:08:66
      for end in s0 s1; do ip link set $end master br0; done
      ip address add 10.8.0.1/24 dev br0
      ip link set br0 up
      on stranger ip address add 10.8.0.100/24 dev c1`,
      // It asks by ARP before it takes an address (-a).
      `until busybox ping -c 1 -W 1 10.8.0.100 > /dev/null; do :; done
      on client busybox udhcpc -i c0 -q -n -f -a -A 1 -t 8 -T 1 -s /bin/true 2>&1`,
    );
    expect(said).toContain("lease of 10.8.0.101 obtained");
    expect(said).toMatch(/declined 10\.8\.0\.100 \d/);
  });

  test("an address that a client gives back is free", async () => {
    const dhclient = "on client dhclient -4 -sf /bin/true -lf $dir/dhclient.leases -pf $dir/dhclient.pid";
    const said = await network(
      [{ interface: "s0", address: "10.8.0.1", dhcp: full(pool("10.8.0")) }],
      `host client
      cable s0 client c0 52:54:00:00:08:01
      ip address add 10.8.0.1/24 dev s0`,
      // It writes its pid after it has gone to the background; its release goes the way of any other packet.
      `${dhclient} -1 c0 2>&1
      until [ -s $dir/dhclient.pid ]; do :; done
      on client ip address add 10.8.0.100/24 dev c0
      ${dhclient} -r c0 2>&1
      until grep freed $dir/leases; do :; done`,
    );
    expect(said).toContain("freed 10.8.0.100");
  });

  test("with the port of DHCP another server's, port 4011 is ours", async () => {
    const said = await network(
      [{ interface: "s0", address: "10.8.0.1", dhcp: { mode: "bootserver" } }],
      `host client
      cable s0 client c0 52:54:00:00:08:01
      ip address add 10.8.0.1/24 dev s0
      dnsmasq --port=0 --conf-file=/dev/null --user=root --interface=s0 --bind-interfaces --no-ping \
        --dhcp-leasefile=$dir/foreign --pid-file=$dir/foreign.pid --dhcp-range=10.8.0.50,10.8.0.60,1h`,
      `${lease("client", "c0")}
      kill $(cat $dir/foreign.pid)`,
    );
    expect(said).toMatch(/lease of 10\.8\.0\.[56]\d obtained/);
    expect(said).toContain("ready on s0");
  });
});
