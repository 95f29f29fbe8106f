import { expect, test } from "vitest";
import { parseMachineConfig } from "../../machine-config/machine-config.ts";
import { networkFromConfig } from "./config-intent.ts";
import type { ObservedLink } from "./intent.ts";

const port = (name: string, rest: Partial<ObservedLink> = {}): ObservedLink => ({
  ...{ name, index: 2, type: "ether", kind: "", slaveKind: "", linkIndex: 0, masterIndex: 0 },
  ...{ hardwareAddr: "52:54:00:00:00:01", permanentAddr: "", mtu: 1500, operationalState: "up", up: true },
  ...{
    multicast: true,
    pciID: "8086:1521",
    linkState: true,
    physical: true,
    driver: "ixgbe",
    busPath: "0000:01:00.0",
    speedMbit: 0,
    duplex: "",
  },
  ...rest,
});
const links = [port("eth0"), port("eth1", { hardwareAddr: "52:54:00:00:00:02", busPath: "0000:01:00.1" })];
const machine = (interfaces: string) => `machine: {network: {interfaces: [${interfaces}]}}\n`;
const document = (kind: string, fields: string) => `apiVersion: v1alpha1\nkind: ${kind}\n${fields}\n`;
const asked = (...documents: string[]) => {
  const config = parseMachineConfig(documents.join("---\n"));
  const { intent, spoken, refused, aliases, ethernet } = networkFromConfig(config, links);
  const named = { aliases: Object.fromEntries(aliases), ethernet: Object.fromEntries(ethernet) };
  return { ...intent, ...named, spoken: [...spoken], refused };
};

test.each<[string, string[], object]>([
  [
    "an interface with addresses, a way out and an MTU",
    [
      machine(
        "{interface: eth0, mtu: 9000, addresses: [192.0.2.7/24, 2001:db8::7], routes: [{network: 0.0.0.0/0, gateway: 192.0.2.1, metric: 5}]}",
      ),
    ],
    {
      links: { eth0: { up: true, mtu: 9000 } },
      addresses: [
        { linkName: "eth0", address: "192.0.2.7/24" },
        { linkName: "eth0", address: "2001:db8::7/128" },
      ],
      routes: [{ linkName: "eth0", gateway: "192.0.2.1", priority: 5 }],
    },
  ],
  [
    "DHCP with a metric of its own",
    [machine("{interface: eth0, dhcp: true, dhcpOptions: {routeMetric: 7}}")],
    { dhcp: [{ linkName: "eth0", metric: 7, ignoresHostname: false }] },
  ],
  [
    "no DHCP of the old protocol",
    [machine("{interface: eth0, dhcp: true, dhcpOptions: {ipv4: false}}")],
    { dhcp: [] },
  ],
  [
    "DHCP for a link that no other document speaks of",
    [document("DHCPv4Config", "name: eth1\nignoreHostname: true")],
    {
      links: { eth1: { up: true } },
      dhcp: [{ linkName: "eth1", metric: 1024, ignoresHostname: true }],
      spoken: ["eth1"],
    },
  ],
  [
    "a bond of ports that are like something, and a VLAN on it",
    [
      machine(
        '{interface: bond0, bond: {deviceSelectors: [{busPath: "0000:01:00.*"}], mode: 802.3ad, lacpRate: fast}, vlans: [{vlanId: 5, dhcp: true}]}',
      ),
    ],
    {
      links: {
        bond0: { up: true, bond: { mode: "802.3ad", miimon: 100, lacpRate: "fast" } },
        eth0: { up: true, master: "bond0" },
        eth1: { up: true, master: "bond0" },
        "bond0.5": { up: true, vlan: { parent: "bond0", id: 5 } },
      },
      dhcp: [{ linkName: "bond0.5", metric: 1024, ignoresHostname: false }],
    },
  ],
  [
    "a bond of what is supported, and says what is not",
    [
      document(
        "BondConfig",
        "name: bond0\nlinks: [eth0]\nbondMode: active-backup\narpInterval: 100\nresendIGMP: 2\nnsIp6Targets: [2001:db8::1]\narpIpTargets: [192.0.2.1]\nadUserPortKey: 3",
      ),
    ],
    {
      links: {
        bond0: {
          up: true,
          bond: {
            ...{ mode: "active-backup", miimon: 0, resendIgmp: 2, arpInterval: 100 },
            ...{ arpIpTargets: ["192.0.2.1"], adUserPortKey: 3 },
          },
        },
        eth0: { up: true, master: "bond0" },
      },
      refused: ["The bond bond0 is made without nsIp6Targets, which is not supported"],
    },
  ],
  [
    "a VLAN, a bridge, a VRF and a dummy",
    [
      document("VRFConfig", "name: blue\nlinks: [eth2, eth3]\ntable: '123'\nmtu: 1400"),
      document("VLANConfig", "name: storage\nparent: eth0\nvlanID: 9"),
      document("BridgeConfig", "name: br0\nlinks: [eth1]\nstp: {enabled: true}"),
      document("DummyLinkConfig", "name: dummy0"),
    ],
    {
      links: {
        storage: { up: true, vlan: { parent: "eth0", id: 9 } },
        eth0: { up: true },
        br0: { up: true, bridge: { stp: true, vlanFiltering: false } },
        eth1: { up: true, master: "br0" },
        blue: { up: true, mtu: 1400, vrf: { table: 123 } },
        eth2: { up: true, master: "blue" },
        eth3: { up: true, master: "blue" },
        dummy0: { up: true, dummy: true },
      },
    },
  ],
  [
    "links by names of its own, and nothing of one that is not there",
    [
      document(
        "LinkAliasConfig",
        "name: net0\nselector: {match: 'mac(link.permanent_addr) == \"52:54:00:00:00:02\"'}",
      ),
      document("LinkAliasConfig", "name: gone\nselector: {match: 'false'}"),
      document("LinkConfig", "name: net0\naddresses: [{address: 192.0.2.7/24}]"),
      document("VLANConfig", "name: storage\nparent: net0\nvlanID: 9"),
      document("LinkConfig", "name: gone\nmtu: 9000"),
      document("DHCPv4Config", "name: eth0"),
      document("EthernetConfig", "name: net0\nrings: {rx: 1024}\nwakeOnLan: []"),
    ],
    {
      ethernet: { eth1: { rings: { rx: 1024 }, wakeOnLan: [] } },
      links: {
        eth1: { up: true },
        storage: { up: true, vlan: { parent: "eth1", id: 9 } },
        eth0: { up: true },
      },
      addresses: [{ linkName: "eth1", address: "192.0.2.7/24" }],
      aliases: { eth1: "net0" },
    },
  ],
  [
    "routes of other tables, black holes, and what any link may be told",
    [
      document(
        "LinkConfig",
        "name: eth0\nmulticast: false\naddresses: [{address: 192.0.2.7/24, routePriority: 30}]\nroutes: [{destination: 198.51.100.0/24, gateway: 192.0.2.1, table: '100', mtu: 1300}]",
      ),
      document("DummyLinkConfig", "name: dummy0\nhardwareAddr: 02-00-00-00-00-AA"),
      document("BlackholeRouteConfig", "name: 203.0.113.0/24"),
    ],
    {
      links: {
        eth0: { up: true, multicast: false },
        dummy0: { up: true, dummy: true, hardwareAddr: "02-00-00-00-00-AA" },
      },
      addresses: [{ linkName: "eth0", address: "192.0.2.7/24", priority: 30 }],
      routes: [
        { linkName: "eth0", destination: "198.51.100.0/24", gateway: "192.0.2.1", table: "100", mtu: 1300 },
        { linkName: undefined, destination: "203.0.113.0/24", priority: 1024 },
      ],
    },
  ],
  [
    "a WireGuard link",
    [
      document(
        "WireguardConfig",
        "name: wg0\nprivateKey: k\nlistenPort: 51820\npeers: [{publicKey: p, endpoint: '192.0.2.1:51821', persistentKeepaliveInterval: 25s, allowedIPs: [10.0.0.0/8]}]\naddresses: [{address: 10.0.0.1/24}]",
      ),
    ],
    {
      links: { wg0: { up: true, wireguard: true } },
      addresses: [{ linkName: "wg0", address: "10.0.0.1/24" }],
      wireguard: {
        wg0: {
          ...{ privateKey: "k", listenPort: 51820, firewallMark: 0 },
          peers: [
            {
              ...{ publicKey: "p", presharedKey: "", endpoint: "192.0.2.1:51821", keepaliveSeconds: 25 },
              allowedIps: ["10.0.0.0/8"],
            },
          ],
        },
      },
    },
  ],
  [
    "a card by its maker, and a port of a bridge that says so itself",
    [
      machine(
        "{deviceSelector: {pciID: '8086:*'}, mtu: 9000}, {interface: eth1, bridgePort: {master: br0}}, {interface: br0, bridge: {}}",
      ),
    ],
    { links: { eth0: { mtu: 9000 }, eth1: { mtu: 9000, master: "br0" }, br0: { bridge: { stp: false } } } },
  ],
  [
    "nothing of a link that is to be left alone",
    [machine("{interface: eth0, ignore: true, dhcp: true}")],
    { links: {}, dhcp: [], spoken: ["eth0"] },
  ],
  [
    "nothing of ports that are not there",
    [machine("{deviceSelector: {driver: mlx5*}, dhcp: true}")],
    { links: {}, spoken: [] },
  ],
])("a config may ask for %s", (_, documents, expected) => {
  expect(asked(...documents)).toMatchObject(expected);
});

test("a config that says nothing leaves the words to others", () => {
  const { hostname, resolvers, timeServers } = asked("machine: {}\n") as Record<string, unknown>;
  expect([hostname, resolvers, timeServers]).toEqual([undefined, undefined, undefined]);
});
