// The lab: a network of its own, a provisioner on it, and a rack of empty machines with BMCs, live on the terminal from
// their power-on to nodes that run. Other terminals command it through `ingot lab`.
// Runs inside namespaces (workshop/start.ts), so that nothing of it is on the host and everything ends with it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { operatingSystem, project } from "../framework/image.ts";
import { openRunDirectory } from "../framework/run-directory.ts";
import { parseRack } from "../rack/rack.ts";
import { openApiSocket } from "./api-socket.ts";
import { openControl } from "./control.ts";
import { openNodeDoor } from "./node-door.ts";
import { openLabSite } from "./site.ts";
import { writeTalosconfig } from "./talosconfig.ts";

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

await operatingSystem();
await using around = new AsyncDisposableStack();
const directory = openRunDirectory(project, values.name);
const goal = values.pool ? "pool" : "running";
const misled = Promise.withResolvers<never>();
const site = around.use(
  await openLabSite({
    ...{ directory, description, nowS, say, signal: stop.signal },
    learned({ id, name, reached }) {
      for (const milestone of reached) lead(id, name, milestone).catch(misled.reject);
    },
  }),
);
const { board, provisioner, rack, living } = site;
const api = provisioner.api();
/** What a machine is asked when it gets to a milestone. */
async function lead(id: string, name: string, milestone: string): Promise<void> {
  const path = `/api/v1/machines/${id}`;
  if (milestone === "accepted") await api.call("PATCH", path, { name });
  if (milestone === "pool" && goal === "running")
    await api.call("POST", `${path}/actions/assign`, { profile: "default" });
}
say("ingot", "the provisioner is ready; whatever Ingot's lab has made is accepted by a rule");
await site.acceptAll();
around.use(await openApiSocket({ path: directory.file("api"), url: provisioner.url }));
around.use(await openNodeDoor({ path: directory.file("nodes"), network: "10.1.0." }));
around.use(await openControl({ path: directory.file("control"), rack, board, stop: () => stop.abort() }));

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
  await board.until(() => board.allHave(goal));
  if (goal === "running") {
    const file = directory.file("talosconfig");
    await writeTalosconfig(api, { file, proxy: values.nodes });
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
  await Promise.race([everyMachineThere(), living, misled.promise, stopped]);
} finally {
  stop.abort();
  await living.catch(() => {});
}
