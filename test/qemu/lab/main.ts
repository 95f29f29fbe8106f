// The lab: a network of its own, a provisioner on it, and a rack of empty machines with BMCs, live on the terminal from
// their power-on to the pool. Other terminals command it through `ingot lab`.
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
import { openLabProvisioner } from "./provisioner.ts";
import { Rack } from "./rack.ts";

const address = "10.1.0.1";
const usualRack = join(import.meta.dirname, "../rack/three-machines.yaml");

const { values } = parseArgs({
  options: {
    rack: { type: "string", default: usualRack },
    /** Ends when every machine is in the pool. */
    once: { type: "boolean", default: false },
    /** A folder of out/qemu. */
    name: { type: "string", default: "lab" },
    /** Where this host's people reach the API. */
    api: { type: "string" },
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
around.use(await openControl({ path: directory.file("control"), rack, board, stop: () => stop.abort() }));

const everyOneFree = Promise.withResolvers<void>();
const following = followMachines(provisioner.api, {
  signal: stop.signal,
  learn(id, kind, spec) {
    const name = rack.nameOf(id);
    if (name === undefined) return;
    for (const text of board.learn(name, kind, spec)) say(name, text);
    if (board.machines.every((machine) => board.has(machine, "pool"))) everyOneFree.resolve();
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
].join("\n");
async function everyMachineInThePool(): Promise<void> {
  for (const machine of description.machines) await rack.add(machine);
  await everyOneFree.promise;
  console.log(`\nSeconds from power-on:\n${board.table()}\n`);
  console.log(
    `All machines are in the pool. From another terminal:\n${hints}\nCtrl-C takes everything away.\n`,
  );
  if (!values.once) await stopped;
}
try {
  await Promise.race([everyMachineInThePool(), following, provisioner.ended, stopped]);
} finally {
  stop.abort();
  await following.catch(() => {});
}
