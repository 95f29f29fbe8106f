import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseKernelArguments } from "../machined/kernel-arguments.ts";
import { linksOf, nothing, type ObservedLink, usualIntent } from "./intent.ts";
import { networkFromArguments } from "./kernel-arguments.ts";

const port = (name: string, hardwareAddr: string): ObservedLink => ({
  name,
  index: 2,
  type: "ether",
  kind: "",
  slaveKind: "",
  linkIndex: 0,
  masterIndex: 0,
  hardwareAddr,
  permanentAddr: hardwareAddr,
  mtu: 1500,
  operationalState: "down",
  up: false,
  linkState: false,
  physical: true,
  driver: "e1000e",
  busPath: "0000:00:03.0",
  speedMbit: 0,
  duplex: "",
  multicast: true,
  pciID: "",
});
const ports = [port("eth1", "52:54:00:00:00:02"), port("eth0", "52:54:00:00:00:01")];
const asked = (line: string) => networkFromArguments(parseKernelArguments(line), ports);

describe("the network that kernel arguments ask for", () => {
  test.each([
    ["no argument", "quiet", {}],
    ["ip=dhcp, which is what happens anyway", "ip=dhcp", {}],
    ["DHCP on one port", "ip=eth1:dhcp", { links: { eth1: { up: true } }, dhcp: [{ linkName: "eth1" }] }],
    [
      "a static address on the first port",
      "ip=192.0.2.7::192.0.2.1:255.255.255.0",
      {
        links: { eth0: { up: true } },
        addresses: [{ linkName: "eth0", address: "192.0.2.7/24" }],
        routes: [{ linkName: "eth0", gateway: "192.0.2.1" }],
      },
    ],
    [
      "everything at once, on the port with a MAC",
      "ip=192.0.2.7::192.0.2.1:255.255.255.128:rack-7:enx525400000002:off:192.0.2.53:192.0.2.54:192.0.2.123",
      {
        links: { eth1: { up: true } },
        addresses: [{ linkName: "eth1", address: "192.0.2.7/25" }],
        routes: [{ linkName: "eth1", gateway: "192.0.2.1" }],
        hostname: "rack-7",
        resolvers: { dnsServers: ["192.0.2.53", "192.0.2.54"], searchDomains: [] },
        timeServers: ["192.0.2.123"],
      },
    ],
    [
      "an IPv6 address in brackets",
      "ip=[2001:db8::7]::[2001:db8::1]:64::eth0:off",
      {
        links: { eth0: { up: true } },
        addresses: [{ linkName: "eth0", address: "2001:db8::7/64" }],
        routes: [{ linkName: "eth0", gateway: "2001:db8::1" }],
      },
    ],
    [
      "a bond by LACP with a VLAN on it that has the address",
      "bond=bond0:eth0,eth1:mode=802.3ad,miimon=50,lacp_rate=fast,xmit_hash_policy=layer3+4:9000 vlan=bond0.5:bond0 ip=192.0.2.7:::24::bond0.5:off",
      {
        links: {
          bond0: {
            up: true,
            mtu: 9000,
            bond: { mode: "802.3ad", miimon: 50, lacpRate: "fast", xmitHashPolicy: "layer3+4" },
          },
          eth0: { up: true, master: "bond0" },
          eth1: { up: true, master: "bond0" },
          "bond0.5": { up: true, vlan: { parent: "bond0", id: 5 } },
        },
        addresses: [{ linkName: "bond0.5", address: "192.0.2.7/24" }],
      },
    ],
    ["a hostname", "talos.hostname=rack-9", { hostname: "rack-9" }],
  ])("is read from %s", (_, line, expected) => {
    const { intent, refused } = asked(line);
    expect(refused).toEqual([]);
    expect({ ...intent, hostname: intent.hostname ?? null }).toEqual({
      ...nothing,
      hostname: null,
      ...expected,
    });
  });

  test.each([
    ["ip=192.0.2.7:::255.0.255.0::eth0", "255.0.255.0 is no netmask"],
    ["ip=192.0.2.700:::24::eth0", "192.0.2.700 is no address"],
    ["ip=192.0.2.7::gate:24::eth0", "gate is no address"],
    ["ip=eth0:magic", 'it knows no way "magic" to configure eth0'],
    ["bond=b:eth0:mode=fastest", "mode is none that there is"],
    ["bond=b:eth0:speed=9", "it knows no option speed"],
    ["bond=b:eth0:mode=1:big", "big is no MTU"],
    ["vlan=eth0.5000:eth0", "eth0.5000 does not end in a VLAN's number, 1 to 4094"],
    ["vlan=eth0.5", "it names no parent"],
  ])("%s is refused, saying why", (line, why) => {
    expect(asked(line).refused).toEqual([`Cannot follow ${line}: ${why}`]);
  });

  test("may be anything at all", () => {
    const piece = fc.stringMatching(/^[a-z0-9.:,=[\]/-]{0,60}$/);
    fc.assert(
      fc.property(fc.constantFrom("ip", "bond", "vlan"), piece, (name, value) => {
        asked(`${name}=${value}`);
      }),
    );
  });
});

test("ports that nobody speaks of use DHCP; members of bonds and parents of VLANs are spoken of", () => {
  const { intent } = asked("bond=bond0:eth0:mode=1");
  expect(usualIntent(ports, linksOf(intent))).toEqual({
    ...nothing,
    links: { eth1: { up: true } },
    dhcp: [{ linkName: "eth1" }],
  });
  const { intent: vlan } = asked("vlan=eth1.5:eth1");
  expect(usualIntent(ports, linksOf(vlan)).dhcp).toEqual([{ linkName: "eth0" }]);
});
