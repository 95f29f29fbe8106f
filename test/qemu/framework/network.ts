// A network for one test, inside the namespaces that the suite runs in: a switch (a bridge in a namespace of its
// own), hosts on it by veth pairs, machines on it by taps. Nothing of it is visible outside or outlives the suite.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";

const run = (program: string, args: readonly string[]) => {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
};
const ip = (...args: readonly string[]) => run("ip", args);

export interface Network extends Disposable {
  /** The switch's namespace: QEMU runs there, because that is where its taps are. */
  readonly switchName: string;
  /** Plugs this test's own namespace in as `eth0` with that address, such as 10.1.0.1/24. */
  plugIn(address: string): void;
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

let made = 0;

export function openNetwork(): Network {
  preparePrivateRun();
  const switchName = `switch${made++}`;
  const hosts: string[] = [];
  const inSwitch = (...args: readonly string[]) => ip("-n", switchName, ...args);
  const nft = (...args: readonly string[]) => run("ip", ["netns", "exec", switchName, "nft", ...args]);
  let filters = false;
  let ports = 0;
  let pluggedIn = false;

  ip("netns", "add", switchName);
  inSwitch("link", "set", "lo", "up");
  // Ports forward at once: spanning tree is tested where a test asks for it.
  inSwitch("link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0");
  inSwitch("link", "set", "br0", "up");

  const enslave = (port: string) => {
    inSwitch("link", "set", port, "master", "br0");
    inSwitch("link", "set", port, "up");
    return port;
  };
  /** What the switch drops, from the first time that anything is to be. A bridge without STP keeps no port blocked. */
  const filter = () => {
    if (filters) return;
    filters = true;
    nft(
      "add table bridge lab; add set bridge lab blocked { type ifname; };",
      "add chain bridge lab forward { type filter hook forward priority 0; };",
      "add rule bridge lab forward iifname @blocked drop; add rule bridge lab forward oifname @blocked drop",
    );
  };
  const connect = (host: string, link: string, address: string) => {
    const port = `h${ports++}`;
    ip("link", "add", link, "netns", host, "type", "veth", "peer", "name", port, "netns", switchName);
    enslave(port);
    bringUp(["-n", host], link, address);
  };

  return {
    switchName,
    plugIn(address) {
      const port = `h${ports++}`;
      ip("link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", switchName);
      pluggedIn = true;
      enslave(port);
      ip("link", "set", "lo", "up");
      bringUp([], "eth0", address);
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
      const port = `tap${ports++}`;
      inSwitch("tuntap", "add", port, "mode", "tap");
      return enslave(port);
    },
    setLink: (port, state) => inSwitch("link", "set", port, state),
    setLoss(port, percent) {
      filter();
      const share = percent < 100 ? `numgen random mod 10000 < ${Math.round(percent * 100)}` : "";
      for (const direction of ["iifname", "oifname"])
        nft(
          "add",
          "rule",
          "bridge",
          "lab",
          "forward",
          direction,
          port,
          ...share.split(" ").filter(Boolean),
          "drop",
        );
    },
    setForwarding(port, forwards) {
      filter();
      nft(forwards ? "delete" : "add", "element", "bridge", "lab", "blocked", `{ ${port} }`);
    },
    [Symbol.dispose]() {
      // The kernel takes a namespace apart when it likes to; the next network wants this name at once.
      if (pluggedIn) ip("link", "delete", "eth0");
      for (const name of [switchName, ...hosts]) ip("netns", "del", name);
    },
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
