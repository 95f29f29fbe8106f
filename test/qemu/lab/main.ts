// The lab: a network of its own, a provisioner on it, and a rack of empty machines with BMCs, live on the terminal from
// their power-on to nodes that run. Other terminals command it through `ingot lab`.
// Runs inside namespaces (workshop/start.ts), so that nothing of it is on the host and everything ends with it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { operatingSystem, project } from "../framework/image.ts";
import { openNetwork } from "../framework/network.ts";
import { openRunDirectory } from "../framework/run-directory.ts";
import { parseRack, type RackMachine } from "../rack/rack.ts";
import { openRackServer } from "../rack/rack-server.ts";
import { openApiSocket } from "./api-socket.ts";
import { Board } from "./board.ts";
import { openControl } from "./control.ts";
import { followMachines } from "./follow-machines.ts";
import { openNodeDoor } from "./node-door.ts";
import { openLabProvisioner } from "./provisioner.ts";
import { Rack } from "./rack.ts";
import { writeTalosconfig } from "./talosconfig.ts";

const address = "10.1.0.1";
const usualRack = join(import.meta.dirname, "../rack/three-machines.yaml");

const { values } = parseArgs({
  options: {
    rack: { type: "string", default: usualRack },
    /** Leaves its machines in the pool, for people to assign. */
    pool: { type: "boolean", default: false },
    /** Ends when every machine is where it goes. */
    once: { type: "boolean", default: false },
    /** A folder of out/qemu. */
    name: { type: "string", default: "lab" },
    /** Where this host's people reach the API. */
    api: { type: "string" },
    /** The proxy by which they reach the nodes. */
    nodes: { type: "string" },
  },
});
const description = parseRack(await readFile(values.rack, "utf8"), values.rack);
const started = performance.now();
const nowS = () => (performance.now() - started) / 1000;
const say = (who: string, text: string) =>
  console.log(`${nowS().toFixed(1).padStart(6)} s  ${who.padEnd(8)} ${text}`);

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.abort());
const stopped = new Promise<void>((resolve) =>
  stop.signal.addEventListener("abort", () => resolve(), { once: true }),
);

await using around = new AsyncDisposableStack();
const directory = openRunDirectory(project, values.name);
await operatingSystem();
const network = around.use(openNetwork());
network.plugIn(`${address}/24`);
const board = new Board(nowS);
// Before the provisioner, which so ends while its machines and their BMCs still answer.
const rack = around.use(
  new Rack({
    open: (machine: RackMachine, nth) => openRackServer(machine, nth, { network, directory }),
    added: (server) => {
      board.add(server.machine.name);
      server.chassis.press("on");
      board.poweredOn(server.machine.name);
      say(server.machine.name, `powered on${server.ipmi ? `; its BMC is ${server.ipmi.address}` : ""}`);
    },
  }),
);
const provisioner = around.use(
  await openLabProvisioner({
    directory,
    address,
    arguments: ["console=ttyS0", "printk.devkmsg=on", "panic=10"],
    // A download is told when it begins and when it is done; in between it would drown the rest.
    print: (line) => {
      if (!/ loads .*, [1-9]\d* of /.test(line)) say("ingot", line.replace(/^[\d:.]+ |^ingot: /, ""));
    },
    signal: stop.signal,
  }),
);
say("ingot", "the provisioner is ready; whatever Ingot's lab has made is accepted by a rule");
await provisioner.api.call("PUT", "/api/v1/rules/lab", {
  spec: {
    order: 1,
    verdict: "accept",
    when: [{ field: "system.manufacturer", is: "like", pattern: "Ingot*" }],
  },
});

around.use(await openApiSocket({ path: directory.file("api"), url: provisioner.url }));
around.use(await openNodeDoor({ path: directory.file("nodes"), network: "10.1.0." }));
around.use(await openControl({ path: directory.file("control"), rack, board, stop: () => stop.abort() }));

const goal = values.pool ? "pool" : "running";
const everyOneThere = Promise.withResolvers<void>();
/** What a machine is asked when it gets to a milestone. */
async function lead(id: string, name: string, milestone: string): Promise<void> {
  const path = `/api/v1/machines/${id}`;
  if (milestone === "accepted") await provisioner.api.call("PATCH", path, { name });
  if (milestone === "pool" && goal === "running")
    await provisioner.api.call("POST", `${path}/actions/assign`, { profile: "default" });
}
const following = followMachines(provisioner.api, {
  signal: stop.signal,
  learn(id, kind, spec) {
    const name = rack.nameOf(id);
    if (name === undefined) return;
    const { lines, reached } = board.learn(name, kind, spec);
    for (const text of lines) say(name, text);
    for (const milestone of reached) lead(id, name, milestone).catch(everyOneThere.reject);
    if (board.machines.every((machine) => board.has(machine, goal))) everyOneThere.resolve();
  },
});
// Once awaited below, whatever ends first.
following.catch(() => {});

const hints = [
  "  npm run lab -- status | power MACHINE cycle | console MACHINE | screenshot MACHINE | pcap MACHINE | down",
  ...(values.api === undefined
    ? []
    : [
        `  export INGOT_SERVER=${values.api} INGOT_CA=${provisioner.authorityFile} INGOT_TOKEN_FILE=${provisioner.tokenFile}`,
        "  npm run ingot -- machines list",
      ]),
];
async function everyMachineThere(): Promise<void> {
  for (const machine of description.machines) await rack.add(machine);
  await everyOneThere.promise;
  if (goal === "running") {
    const file = directory.file("talosconfig");
    await writeTalosconfig(provisioner.api, { file, proxy: values.nodes });
    hints.push(`  npm run talosctl -- version --talosconfig ${file}    (upstream's talosctl takes it too)`);
  }
  console.log(`\nSeconds from power-on:\n${board.table()}\n`);
  const where = goal === "running" ? "are nodes that run" : "are in the pool";
  console.log(
    `All machines ${where}. From another terminal:\n${hints.join("\n")}\nCtrl-C takes everything away.\n`,
  );
  if (!values.once) await stopped;
}
try {
  await Promise.race([everyMachineThere(), following, provisioner.ended, stopped]);
} finally {
  stop.abort();
  await following.catch(() => {});
}
