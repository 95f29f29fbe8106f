// `node-times RESULT-FILE`: how long a node takes for what its operators wait for, phase by phase, and what it then
// holds. Runs inside namespaces (node.bench.ts).
import { writeFileSync } from "node:fs";
import { ApplyConfigurationRequest_Mode as Mode } from "../../../api/gen/machine/configuration_pb.js";
import { LifecycleService } from "../../../api/gen/machine/lifecycle_pb.js";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import type { Channel } from "../../../api/grpc/channel.ts";
import { client } from "../../../api/grpc/client.ts";
import { parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { applyPatches, parsePatch } from "../../../machine-config/patch/patch.ts";
import { role } from "../../../pki/roles.ts";
import { deadlineMs } from "../framework/deadlines.ts";
import { operatingSystem, project } from "../framework/image.ts";
import { openInstalledNode } from "../framework/installed-node.ts";
import { openRunDirectory } from "../framework/run-directory.ts";
import { at, between, installTimes, type NodeTimes, type Timed } from "./phases.ts";

const calls = 500;
const inFlight = 16;
const patience = { deadlineMs: deadlineMs.operatingSystem };

const [resultFile = ""] = process.argv.slice(2);
const seconds = () => performance.now() / 1000;
const image = await operatingSystem();
await using node = await openInstalledNode({ image, directory: openRunDirectory(project, "node times") });
const install = installTimes(await node.machine.console.text());
await node.machine.cutPower();
const boot = await watchedBoot();
const ready = between(boot.loaderAt, boot.ends);
using admin = await node.connect(role.admin);
const machine = client(MachineService, admin, patience);
const callsPerSecond = await callRate();
const apply = await applyTime();
const megabytes = Number(/^VmRSS:\s+(\d+)/m.exec(await textOf("/proc/1/status"))?.[1]) / 1024;
const upgrade = await upgradeTime();

const times: NodeTimes = { ready, install, upgrade, apply, callsPerSecond, megabytes };
writeFileSync(resultFile, JSON.stringify(times));
await node.machine.cutPower();
// A connection to a machine that lost its power stays open for as long as TCP believes in it.
process.exit();

/** A boot from the disk: by our clock where the kernel has none yet, by the kernel's where it has. */
async function watchedBoot() {
  const { console } = node.machine;
  const after = (await console.text()).length;
  const when = (pattern: RegExp) =>
    console.waitFor(pattern, { within: "operatingSystem", after }).then(seconds);
  const marks = Promise.all([when(/Booting from Hard Disk/), when(/Linux version/)]);
  const answered = when(/ingot: machine API: port 50000, mutual TLS/).then(firstAnswer);
  await node.boot();
  const [[loaderAt, kernelAt], answeredAt] = await Promise.all([marks, answered]);
  const text = (await console.text()).slice(after);
  const kernel = (pattern: RegExp) => kernelAt + at(text, pattern);
  const ends = [
    ["boot loader", kernelAt],
    ["kernel, root, Node", kernel(/ingot: program started/)],
    ["hardening, drivers", kernel(/ingot: devices: hardware done/)],
    ["disk, STATE, config", kernel(/ingot: life: run/)],
    ["volumes", kernel(/ingot: volumes: volumes done/)],
    ["API", answeredAt],
  ] as const;
  return { loaderAt, ends };
}

/** Of a client that has never spoken to it: with its handshake, and whatever it has to do again. */
async function firstAnswer(): Promise<number> {
  const stop = AbortSignal.timeout(deadlineMs.operatingSystem);
  for (;;) {
    using channel: Channel = await node.connect(role.reader);
    try {
      await client(MachineService, channel, { deadlineMs: 5_000 }).version({});
      return seconds();
    } catch (error) {
      if (stop.aborted) throw error;
    }
  }
}

async function callRate(): Promise<number> {
  const start = seconds();
  let left = calls;
  const work = async () => {
    while (left-- > 0) await machine.version({});
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return calls / (seconds() - start);
}

async function textOf(path: string): Promise<string> {
  const chunks = await Array.fromAsync(machine.read({ path }, patience), ({ bytes }) => bytes);
  return Buffer.concat(chunks).toString();
}

/** Of a sysctl: what the kernel then says of it is its effect. */
async function applyTime(): Promise<Timed> {
  const patch = parsePatch("machine: {sysctls: {vm.swappiness: '7'}}");
  const data = Buffer.from(applyPatches(parseMachineConfig(node.config), [patch]).text);
  const start = seconds();
  await machine.applyConfiguration({ data, mode: Mode.NO_REBOOT });
  const answered = seconds();
  const deadline = answered + 30;
  while ((await textOf("/proc/sys/vm/swappiness")).trim() !== "7") {
    if (seconds() > deadline) throw new Error("Cannot measure: an applied config has no effect");
  }
  return between(start, [
    ["answer", answered],
    ["effect", seconds()],
  ]);
}

/** To the same image: what is in it makes no difference to how long it takes. */
async function upgradeTime(): Promise<Timed> {
  const { console } = node.machine;
  const after = (await console.text()).length;
  const start = seconds();
  const stream = client(LifecycleService, admin).upgrade({ source: { imageName: node.imageUrl } }, patience);
  for await (const { progress } of stream) {
    const { case: kind, value } = progress!.response;
    if (kind === "exitCode" && value !== 0)
      throw new Error(`Cannot measure: the upgrade failed with ${value}`);
  }
  const writtenAt = seconds();
  await machine.reboot({});
  await node.machine.ended;
  const downAt = seconds();
  const kept = console
    .waitFor(/ingot: slot b has proved itself/, { within: "wholeLife", after })
    .then(seconds);
  const { loaderAt, ends } = await watchedBoot();
  return between(start, [
    ["the other slot", writtenAt],
    ["going down", downAt],
    ["firmware", loaderAt],
    ...ends,
    ["its trial", await kept],
  ]);
}
