// A network for one test, inside the namespaces that the suite runs in: a switch (a bridge in a namespace of its
// own), hosts on it by veth pairs, machines on it by taps. Nothing of it is visible outside or outlives the suite.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { SwitchFilter } from "./switch-filter.ts";

const run = (program: string, args: readonly string[]) => {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
};
const ip = (...args: readonly string[]) => run("ip", args);

export interface Network extends Disposable {
  /** The switch's namespace: QEMU runs there, because that is where its taps are. */
  readonly switchName: string;
  /** Another switch in the same place, so that a machine can be plugged into both. It ends with the first. */
  beside(): Network;
  /** Plugs this test's own namespace in, with that address, such as 10.1.0.1/24: as `eth0` unless told. */
  plugIn(address: string, link?: string): void;
  /** One more address of this test's own `eth0`: a BMC's, say. */
  addAddress(address: string): void;
  /** A host of its own on this switch, such as a foreign DHCP server; commands run on it by its name. */
  addHost(name: string, address: string): void;
  /** Plugs a host of another switch into this one too, by another link. */
  connect(host: string, link: string, address: string): void;
  /** Tells this test's own namespace the way to a subnet. */
  addRoute(subnet: string, via: string): void;
  /** A port for a machine; returns the name of its tap. */
  addPort(): string;
  /** Takes the link of a port down or up, as pulling the cable does. */
  setLink(port: string, state: "up" | "down"): void;
  /** Loses so many of a port's frames, in and out. */
  setLoss(port: string, percent: number): void;
  /** Whether a port whose link is up passes frames on: those that spanning tree still looks at do not. */
  setForwarding(port: string, forwards: boolean): void;
}

/** What the switches of one place share. */
interface Place {
  readonly name: string;
  readonly hosts: string[];
  /** Links of this test's own namespace. */
  readonly links: string[];
  readonly filter: SwitchFilter;
  ports: number;
  bridges: number;
}

let made = 0;

export function openNetwork(): Network {
  preparePrivateRun();
  const name = `switch${made++}`;
  ip("netns", "add", name);
  ip("-n", name, "link", "set", "lo", "up");
  const nft = (...args: readonly string[]) => run("ip", ["netns", "exec", name, "nft", ...args]);
  const place = { name, hosts: [], links: [], filter: new SwitchFilter(nft), ports: 0, bridges: 0 };
  return openSwitch(place, () => {
    // The kernel takes a namespace apart when it likes to; the next network wants these names at once.
    for (const link of place.links) ip("link", "delete", link);
    for (const host of [name, ...place.hosts]) ip("netns", "del", host);
  });
}

function openSwitch(place: Place, close: () => void): Network {
  const { name: switchName, hosts, links, filter } = place;
  const inSwitch = (...args: readonly string[]) => ip("-n", switchName, ...args);
  const bridge = `br${place.bridges++}`;
  // Ports forward at once: spanning tree is tested where a test asks for it.
  inSwitch("link", "add", bridge, "type", "bridge", "stp_state", "0", "forward_delay", "0");
  // What announces a switch (01:80:c2:00:00:0e) no bridge passes on: here the tests do the announcing.
  inSwitch("link", "set", bridge, "type", "bridge", "group_fwd_mask", String(1 << 0x0e));
  inSwitch("link", "set", bridge, "up");

  const enslave = (port: string) => {
    inSwitch("link", "set", port, "master", bridge);
    inSwitch("link", "set", port, "up");
    return port;
  };
  const connect = (host: string, link: string, address: string) => {
    const port = `h${place.ports++}`;
    ip("link", "add", link, "netns", host, "type", "veth", "peer", "name", port, "netns", switchName);
    enslave(port);
    bringUp(["-n", host], link, address);
  };

  return {
    switchName,
    beside: () => openSwitch(place, () => {}),
    plugIn(address, link = "eth0") {
      const port = `h${place.ports++}`;
      ip("link", "add", link, "type", "veth", "peer", "name", port, "netns", switchName);
      links.push(link);
      enslave(port);
      ip("link", "set", "lo", "up");
      bringUp([], link, address);
    },
    addAddress: (address) => ip("address", "add", address, "dev", "eth0"),
    addHost(name, address) {
      ip("netns", "add", name);
      hosts.push(name);
      ip("-n", name, "link", "set", "lo", "up");
      connect(name, "eth0", address);
    },
    connect,
    addRoute: (subnet, via) => ip("route", "add", subnet, "via", via),
    addPort() {
      const port = `tap${place.ports++}`;
      inSwitch("tuntap", "add", port, "mode", "tap");
      return enslave(port);
    },
    setLink: (port, state) => inSwitch("link", "set", port, state),
    setLoss: (port, percent) => filter.setLoss(port, percent),
    setForwarding: (port, forwards) => filter.setForwarding(port, forwards),
    [Symbol.dispose]: close,
  };
}

function bringUp(where: readonly string[], link: string, address: string): void {
  ip(...where, "address", "add", address, "dev", link);
  ip(...where, "link", "set", link, "up");
  // Firmware drops packets whose checksum the veth left for hardware to fill in.
  const command = ["ethtool", "-K", link, "tx", "off"];
  const [program = "", ...args] = where.length > 0 ? ["ip", "netns", "exec", where[1]!, ...command] : command;
  run(program, args);
}

/** `ip netns` keeps its names in /run/netns: a private one, so that not even a name reaches the host. */
function preparePrivateRun(): void {
  if (made > 0) return;
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", "/run"]);
  mkdirSync("/run/netns");
}
