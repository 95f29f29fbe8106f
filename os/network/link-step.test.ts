import { describe, expect, test } from "vitest";
import type { ObservedLink } from "./intent.ts";
import { nextLinkStep } from "./link-step.ts";

const link = (name: string, index: number, rest: Partial<ObservedLink> = {}): ObservedLink => ({
  name,
  index,
  type: "ether",
  kind: "",
  slaveKind: "",
  linkIndex: 0,
  masterIndex: 0,
  hardwareAddr: "",
  permanentAddr: "",
  mtu: 1500,
  operationalState: "up",
  up: true,
  linkState: true,
  physical: true,
  driver: "",
  busPath: "",
  speedMbit: 0,
  duplex: "",
  multicast: true,
  pciID: "",
  ...rest,
});
const eth0 = link("eth0", 2);
const bond0 = link("bond0", 5, { kind: "bond" });
const bond = { mode: "802.3ad", miimon: 100 } as const;
const member = { up: true, master: "bond0" };
const vlan = { parent: "eth0", id: 5 };

describe("the next step of a link", () => {
  test.each([
    [
      "a port that is down is set up",
      "eth0",
      { up: true },
      [link("eth0", 2, { up: false })],
      { do: "setUp", index: 2 },
    ],
    ["one that is up is done", "eth0", { up: true }, [eth0], { do: "done" }],
    ["one that is not to be up is set down", "eth0", { up: false }, [eth0], { do: "setDown", index: 2 }],
    [
      "one that is not there is waited for",
      "eth0",
      { up: true },
      [],
      { do: "wait", why: "there is no port eth0" },
    ],
    [
      "its MTU comes first",
      "eth0",
      { up: true, mtu: 9000 },
      [link("eth0", 2, { up: false })],
      { do: "setMtu", index: 2, mtu: 9000 },
    ],
    [
      "its hardware address is set however it is written",
      "br0",
      { up: true, hardwareAddr: "02-00-00-00-00-AA" },
      [link("br0", 5, { hardwareAddr: "02:00:00:00:00:01" })],
      { do: "setHardwareAddr", index: 5, hardwareAddr: "02-00-00-00-00-AA" },
    ],
    [
      "the same hardware address is left alone",
      "br0",
      { up: true, hardwareAddr: "02-00-00-00-00-AA" },
      [link("br0", 5, { hardwareAddr: "02:00:00:00:00:aa" })],
      { do: "done" },
    ],
    [
      "multicast is turned off",
      "eth0",
      { up: true, multicast: false },
      [eth0],
      { do: "setMulticast", index: 2, multicast: false },
    ],
    ["a bond is made", "bond0", { up: true, bond }, [eth0], { do: "makeBond", settings: bond }],
    [
      "a bridge is made",
      "br0",
      { up: true, bridge: { stp: true, vlanFiltering: false } },
      [eth0],
      { do: "makeBridge", settings: { stp: true, vlanFiltering: false } },
    ],
    ["a VRF is made", "blue", { up: true, vrf: { table: 123 } }, [], { do: "makeVrf", table: 123 }],
    ["a dummy is made", "dummy0", { up: true, dummy: true }, [], { do: "makeDummy" }],
    [
      "who is nobody's member any more leaves",
      "eth0",
      { up: true },
      [link("eth0", 2, { masterIndex: 5 }), bond0],
      { do: "leave", index: 2 },
    ],
    [
      "a member of a bridge need not be down",
      "eth0",
      { up: true, master: "br0" },
      [eth0, link("br0", 7, { kind: "bridge" })],
      { do: "join", index: 2, master: 7 },
    ],
    [
      "a member waits for its bond",
      "eth0",
      member,
      [eth0],
      { do: "wait", why: "there is no bond0 yet to be a member of" },
    ],
    ["a member must be down to join", "eth0", member, [eth0, bond0], { do: "setDown", index: 2 }],
    [
      "a member that is down joins",
      "eth0",
      member,
      [link("eth0", 2, { up: false }), bond0],
      { do: "join", index: 2, master: 5 },
    ],
    [
      "a member that has joined is set up",
      "eth0",
      member,
      [link("eth0", 2, { up: false, masterIndex: 5 }), bond0],
      { do: "setUp", index: 2 },
    ],
    [
      "a VLAN is put on its parent",
      "eth0.5",
      { up: true, vlan },
      [eth0],
      { do: "makeVlan", parent: 2, id: 5 },
    ],
    [
      "a VLAN waits for its parent",
      "eth0.5",
      { up: true, vlan },
      [],
      { do: "wait", why: "there is no eth0 to put it on" },
    ],
  ] as const)("%s", (_, name, spec, links, step) => {
    expect(nextLinkStep(name, spec, links)).toEqual(step);
  });
});
