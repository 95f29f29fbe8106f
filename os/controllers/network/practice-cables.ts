// For tests: the node's network on virtual cables, in namespaces that end with the script.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs a script in namespaces of its own, where the node's network is at work on virtual cables: `port` and `spare`
 * are taken for hardware, `far` and `away` are their other ends. Returns what it said as JSON.
 */
export function onCables(args: string, script: string): unknown {
  using folder = mkdtempDisposableSync(join(tmpdir(), "ingot-network-"));

  for (const port of ["port", "spare"])
    mkdirSync(join(folder.path, "sys/class/net", port, "device"), { recursive: true });
  const prelude = `
    import { execFileSync, spawn } from "node:child_process";
    import { EventEmitter, once } from "node:events";
    import { createInterface } from "node:readline";
    import { readFileSync } from "node:fs";
    import { runtime } from "../../../cosi/engine/runtime.ts";
    import { State } from "../../../cosi/state.ts";
    import { MemoryStore } from "../../../cosi/stores/memory.ts";
    import { systemClock } from "../../../cosi/system-clock.ts";
    import { parseKernelArguments } from "../../machined/kernel-arguments.ts";
    import { AddressStatus } from "../../resources/network/address.ts";
    import { DhcpLease, OperatorSpec } from "../../resources/network/dhcp.ts";
    import { HostEntries } from "../../resources/network/host-entries.ts";
    import { LinkStatus } from "../../resources/network/link.ts";
    import { HostnameStatus, ResolverStatus, TimeServerStatus } from "../../resources/network/names.ts";
    import { LinkNeighbor } from "../../resources/network/neighbor.ts";
    import { RouteStatus } from "../../resources/network/route.ts";
    import { NetworkStatus, NodeAddress } from "../../resources/network/node.ts";
    import { MachineConfig } from "../../resources/config/machine-config.ts";
    import { networkFromMachineConfig } from "./from-machine-config.ts";
    import { ethernetSpecs } from "./ethernet.ts";
    import { setEthernet } from "../../network/kernel-ethernet.ts";
    import { EthernetSpec } from "../../resources/network/ethernet.ts";
    import { hosts } from "../config/hosts.ts";
    import { NodeNetwork } from "./node-network.ts";
    const ip = (...args) => execFileSync("ip", args, { encoding: "utf8" });
    ip("link", "set", "lo", "up");
    ip("link", "add", "port", "address", "52:54:00:00:00:09", "type", "veth", "peer", "name", "far");
    ip("link", "add", "spare", "address", "52:54:00:00:00:0a", "type", "veth", "peer", "name", "away");
    const folder = ${JSON.stringify(folder.path)};
    const started = [];
    const dhcpServer = (name, link, own, lent, ...more) => {
      ip("address", "add", own + "/24", "dev", link);
      return lend(name, link, lent + "," + lent, ...more);
    };
    const dhcp6Server = (name, link, own, lent, ...more) => {
      ip("address", "add", own + "/64", "dev", link, "nodad");
      return lend(name, link, lent + "," + lent + ",64", ...more);
    };
    const lend = async (name, link, range, ...more) => {
      const server = spawn("dnsmasq", ["--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=" + link, "--bind-dynamic", "--user=root",
        "--no-ping", "--dhcp-authoritative", "--dhcp-leasefile=" + folder + "/" + name, "--pid-file=" + folder + "/" + name + ".pid", "--log-facility=-",
        "--dhcp-range=" + range + ",1h", ...more], { stdio: ["ignore", "ignore", "pipe"] });
      started.push(server);
      await new Promise((ready) => createInterface({ input: server.stderr }).on("line", (line) => /DHCP(v6)?, IP range/.test(line) && ready()));
    };
    const addresses = (link) => JSON.parse(ip("-json", "-4", "address", "show", link)).flatMap((it) => it.addr_info ?? []).map((it) => it.local + "/" + it.prefixlen);
    const routes = (link) => JSON.parse(ip("-json", "route", "show", "dev", link)).map((it) => [it.dst, it.gateway ?? "", it.metric ?? 0].join(" ")).sort();
    const state = new State({ store: new MemoryStore(), clock: systemClock });
    const said = [];
    const names = [];
    const network = new NodeNetwork({ state, clock: systemClock, random: Math.random, arguments: parseKernelArguments(${JSON.stringify(args)}), usualHostname: "ingot-test",
      sys: folder + "/sys", resolvConf: folder + "/resolv.conf", setHostname: (name) => names.push(name), said: (text) => said.push(text) });
    /** Says "told" of each card that was told something, with why it could not be. */
    const cards = new EventEmitter();
    const tellCard = (index, spec) => setEthernet(index, spec).then(() => cards.emit("told"), (error) => { cards.emit("told", error.message); throw error; });
    const stop = new AbortController();
    const engine = runtime({ state, clock: systemClock, random: Math.random, controllers: [...network.controllers, networkFromMachineConfig((text) => said.push(text)), ethernetSpecs(tellCard), hosts(folder + "/hosts")], log: { info() {}, warn: (text, facts) => said.push(text) } });
    const running = engine.run(stop.signal);
    setTimeout(() => {
      const waiting = engine.standings().filter((it) => it.why).map(({ controller, key, why }) => [controller, key, why].join(" "));
      console.error(JSON.stringify({ said, waiting }, undefined, 1) + ip("address") + ip("route"));
      process.exit(1);
    }, 20_000).unref();
    const configure = (yaml) => state.as("").set(MachineConfig, "v1alpha1", { spec: { yaml, from: "a test" } });
    /** Resolves as soon as a resource is as the test wants it. */
    const until = async (type, id, condition) => {
      let seen;
      for await (const events of state.watch(type, { id, signal: stop.signal })) {
        for (const event of events) {
          if (event.type !== "bootstrapped") seen = event.type === "destroyed" ? undefined : event.resource.spec;
          if (condition(seen)) return seen;
        }
      }
    };
    const status = (ready) => until(NetworkStatus, "status", (it) => it && ready(it));
    const end = async (value) => {
      stop.abort();
      await running;
      await network[Symbol.asyncDispose]();
      for (const server of started) { server.kill(); await once(server, "exit"); }
      console.log(JSON.stringify(value));
      process.exit();
    };`;
  const flags = ["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const { stdout, stderr } = spawnSync(
    "unshare",
    [...flags, process.execPath, "--input-type=module", "--eval", prelude + script],
    { encoding: "utf8", cwd: import.meta.dirname, timeout: 25_000, killSignal: "SIGKILL" },
  );
  if (stderr !== "") throw new Error(stderr);
  return JSON.parse(stdout);
}
