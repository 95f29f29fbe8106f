// The lab: a network of its own, our pxe-server on it, and two empty machines that boot from it, live on the terminal.
// Runs inside namespaces (workshop/start.ts), so that nothing of it is on the host and everything ends with it.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { Child } from "../framework/child.ts";
import type { MachineDescription } from "../framework/description.ts";
import { operatingSystem, project } from "../framework/image.ts";
import { Machine } from "../framework/machine.ts";
import { openNetwork } from "../framework/network.ts";
import { openRunDirectory } from "../framework/run-directory.ts";
import { forwardLines } from "./forward-lines.ts";

const address = "10.1.0.1";
const server: Omit<MachineDescription, "name" | "firmware"> = {
  disks: [{ bus: "nvme", megabytes: 4096 }],
  watchdog: true,
};
const nic = (mac: string) => [{ model: "virtio-net-pci", mac }] as const;
const rack: readonly MachineDescription[] = [
  { ...server, name: "bios-1", firmware: "bios", nics: nic("52:54:00:00:00:01") },
  { ...server, name: "uefi-2", firmware: "uefi", nics: nic("52:54:00:00:00:02") },
];

/** What a machine says on its serial line, and what it means to somebody who watches. */
const milestones: readonly (readonly [pattern: RegExp, text: (match: RegExpExecArray) => string])[] = [
  [/Linux version (\S+) /, ([, version]) => `kernel ${version}`],
  [/ingot: disk ([^\r\n]+)[\r\n]/, ([, disk]) => `found ${disk}`],
  [/ingot: boot sequence done/, () => "PID 1 is up"],
  [/ingot: eth0: (bound to [^\r\n]+)[\r\n]/, ([, lease]) => `${lease}`],
];

const { values } = parseArgs({ options: { once: { type: "boolean", default: false } } });
const started = performance.now();
const say = (who: string, text: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${who.padEnd(8)} ${text}`);

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
const stopped = new Promise<void>((resolve) =>
  stop.signal.addEventListener("abort", () => resolve(), { once: true }),
);

await using around = new AsyncDisposableStack();
const directory = openRunDirectory(project, "lab");
const image = await operatingSystem();
const network = around.use(openNetwork());
network.plugIn(`${address}/24`);

const config = directory.file("boot.yaml");
await writeFile(
  config,
  stringify({
    segments: [
      {
        interface: "eth0",
        address,
        dhcp: { mode: "full", subnets: [{ subnet: "10.1.0.0/24", pool: ["10.1.0.100", "10.1.0.199"] }] },
      },
    ],
    rules: [
      {
        name: "lab",
        boot: {
          kernel: image.kernel,
          initrd: [image.initramfs],
          args: ["console=ttyS0", "printk.devkmsg=on", "panic=10"],
        },
      },
    ],
  }),
);
const pxeLog = directory.file("pxe-server.log");
const pxeServer = around.use(
  new Child(
    "pxe-server",
    process.execPath,
    [join(project, "pxe-server/main.ts"), "--config", config, "--trace"],
    pxeLog,
  ),
);
const serverEnded = pxeServer.exited.then((status) => {
  throw new Error(`the pxe-server ended with status ${status}: see ${pxeLog}`);
});
const ready = Promise.withResolvers<void>();
around.use(
  forwardLines(pxeLog, (line) => {
    if (line.startsWith("pxe: ready")) ready.resolve();
    // A download is told when it begins and when it is done; in between it would drown the rest.
    if (!/ loads .*, [1-9]\d* of /.test(line)) say("pxe", line.replace(/^[\d:.]+ /, ""));
  }),
);
await Promise.race([ready.promise, serverEnded, stopped]);

const booted = rack.map(async (description) => {
  const machine = around.use(new Machine(description, network, directory));
  if (stop.signal.aborted) return;
  await machine.powerOn({ order: ["network", "disk"] });
  say(machine.name, "powered on");
  for (const [pattern, text] of milestones) {
    say(machine.name, text(await machine.console.waitFor(pattern, { within: "operatingSystem" })));
  }
});
async function everyMachineUp(): Promise<void> {
  await Promise.all(booted);
  console.log(
    `\nAll machines are up. Their consoles: ${directory.path}/*.serial.log. Ctrl-C takes everything away.\n`,
  );
  if (!values.once) await stopped;
}
await Promise.race([everyMachineUp(), serverEnded, stopped]);
