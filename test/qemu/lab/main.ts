// The lab: a network of its own, a provisioner on it, and a rack of empty machines with BMCs, live on the terminal from
// their power-on to nodes that run. Other terminals command it through `ingot lab`.
// Runs inside namespaces (workshop/start.ts), so that nothing of it is on the host and everything ends with it.
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { operatingSystem, project } from "../framework/image.ts";
import { openRunDirectory } from "../framework/run-directory.ts";
import { parseRack } from "../rack/rack.ts";
import { openApiSocket } from "./api-socket.ts";
import { openControl } from "./control.ts";
import { openNodeDoor } from "./node-door.ts";
import { openLabSite } from "./site.ts";
import { Story } from "./story.ts";
import { writeTalosconfig } from "./talosconfig.ts";

const usualRack = join(import.meta.dirname, "../rack/three-machines.yaml");
/** Emulated processors share this computer's: so many machines boot at once, the next one when one of them is there. */
const bootsAtOnce = Math.max(2, availableParallelism());
/** One that never comes keeps the others waiting no longer. */
const turnMs = 60_000;

const { values } = parseArgs({
  options: {
    rack: { type: "string", default: usualRack },
    /** Leaves its machines in the pool, for people to assign. */
    pool: { type: "boolean", default: false },
    /** Ends when every machine is where it goes; with status 1 when one of them cannot get there. */
    once: { type: "boolean", default: false },
    /** A folder of out/qemu. */
    name: { type: "string", default: "lab" },
    /** Where this host's people reach the API. */
    api: { type: "string" },
    /** The proxy by which they reach the nodes. */
    nodes: { type: "string" },
  },
});
const goal = values.pool ? "pool" : "running";
const stop = new AbortController();
const { signal } = stop;
const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.abort());

await using around = new AsyncDisposableStack();
try {
  await live();
} catch (error) {
  // Whatever breaks after a Ctrl-C breaks because of it.
  if (!signal.aborted) throw error;
}

async function live(): Promise<void> {
  const description = parseRack(await readFile(values.rack, "utf8"), values.rack);
  await operatingSystem();
  const directory = openRunDirectory(project, values.name);
  const { nowS, say } = new Story(directory, (line) => console.log(line));
  const misled = Promise.withResolvers<never>();
  const site = around.use(
    await openLabSite({
      ...{ directory, description, nowS, say, signal },
      learned({ id, name, reached }) {
        for (const milestone of reached) lead(id, name, milestone).catch(misled.reject);
      },
    }),
  );
  const { board, provisioner, rack, living } = site;
  around.defer(() => {
    stop.abort();
    return living.catch(() => {});
  });
  const api = provisioner.api();
  /** What a machine is asked when it gets to a milestone. */
  async function lead(id: string, name: string, milestone: string): Promise<void> {
    const path = `/api/v1/machines/${id}`;
    // OVMF that is left goes on to its next way of network boot, and only then to the disk.
    const isUefi = rack.descriptionOf(name)?.firmware === "uefi";
    const boot = { diskMethod: isUefi ? "sanboot" : "exit" };
    if (milestone === "accepted") await api.call("PATCH", path, { name, boot });
    if (milestone === "pool" && goal === "running")
      await api.call("POST", `${path}/actions/assign`, { profile: "default" });
  }
  say("ingot", "the provisioner is ready; whatever Ingot's lab has made is accepted by a rule");
  await site.acceptAll();
  around.use(await openApiSocket({ path: directory.file("api"), url: provisioner.url }));
  around.use(await openNodeDoor({ path: directory.file("nodes"), network: "10.1.0." }));
  around.use(await openControl({ path: directory.file("control"), rack, board, stop: () => stop.abort() }));

  async function everyMachineThere(): Promise<void> {
    for (const machine of description.machines) {
      const turn = board.until(() => board.booting < bootsAtOnce);
      await Promise.race([turn, delay(turnMs, undefined, { signal, ref: false })]);
      await rack.add(machine);
    }
    const lost = () => board.machines.filter((name) => board.isStuck(name));
    await board.until(() => board.allHave(goal) || (values.once && lost().length > 0));
    console.log(`\nSeconds from power-on:\n${board.table()}\n`);
    if (!board.allHave(goal)) {
      const stages = lost().map((name) => `${name} is ${board.stageOf(name)}`);
      console.log(`${stages.join(", ")}; everything is in ${directory.path}`);
      process.exitCode = 1;
      return;
    }
    const where = goal === "running" ? "are nodes that run" : "are in the pool";
    console.log(`All machines ${where}. From another terminal:\n${(await hints()).join("\n")}`);
    if (values.once) return;
    console.log("Ctrl-C takes everything away.\n");
    await stopped;
  }

  /** How people go on. */
  async function hints(): Promise<string[]> {
    const { authorityFile, tokenFile } = provisioner;
    const told = [
      "  npm run lab -- status | power MACHINE cycle | console MACHINE | screenshot MACHINE | pcap MACHINE | down",
    ];
    if (values.api !== undefined) {
      const place = `INGOT_SERVER=${values.api} INGOT_CA=${authorityFile} INGOT_TOKEN_FILE=${tokenFile}`;
      told.push(`  export ${place}`, "  npm run ingot -- machines list");
    }
    if (goal === "running") {
      const file = directory.file("talosconfig");
      await writeTalosconfig(api, { file, proxy: values.nodes });
      const upstreams = "(upstream's talosctl takes it too)";
      told.push(`  npm run talosctl -- version --talosconfig ${file}    ${upstreams}`);
    }
    return told;
  }

  await Promise.race([everyMachineThere(), living, misled.promise, stopped]);
}
