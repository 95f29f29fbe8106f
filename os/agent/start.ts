// The agent on a real machine: every seam filled with what the kernel offers.

import { constants, existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { freemem, networkInterfaces, uptime } from "node:os";
import { hostTransport } from "../../bmc/ipmi/host-transport.ts";
import { setUpOwnAccount } from "../../bmc/ipmi/own-account.ts";
import { systemClock as bmcClock } from "../../bmc/system-clock.ts";
import type { State } from "../../cosi/state.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import project from "../../package.json" with { type: "json" };
import { diskSignatures } from "../block/disk-signatures.ts";
import { type Disk, listDisks } from "../block/disks.ts";
import { dismantle } from "../block/dismantle.ts";
import { readHealth } from "../block/firmware/health.ts";
import { openFirmware } from "../block/firmware/open-firmware.ts";
import { openBlockDevice } from "../block/open-block-device.ts";
import { speaks } from "../block/speaks.ts";
import { takeApart } from "../block/teardown.ts";
import { bootFirmware } from "../hardware/boot-firmware.ts";
import { listNetworkInterfaces } from "../hardware/network-interfaces.ts";
import { listPciDevices } from "../hardware/pci-devices.ts";
import { pciNames } from "../hardware/pci-names.ts";
import { readStructures } from "../hardware/smbios/structure.ts";
import { systemInformation } from "../hardware/smbios/system-information.ts";
import { findTpm } from "../hardware/tpm.ts";
import { setClock } from "../kernel/clock.ts";
import { IpmiDevice } from "../kernel/ipmi-device.ts";
import { LinkNeighbor } from "../resources/network/neighbor.ts";
import { Agent } from "./agent.ts";
import type { AgentArguments } from "./agent-arguments.ts";
import type { Identity } from "./enrol.ts";
import { Inventory } from "./inventory.ts";
import { kernelLog } from "./kernel-log.ts";
import { bmcAccountOrder } from "./orders/bmc-account.ts";
import { identifyOrder } from "./orders/identify.ts";
import { powerOffOrder, rebootOrder } from "./orders/power.ts";
import { testOrder } from "./orders/test.ts";
import { connectSink } from "./orders/throughput.ts";
import { wipeOrder } from "./orders/wipe.ts";

const sys = "/sys";
const dev = "/dev";

export interface Surroundings {
  /** What else is known of the node. */
  readonly state: Pick<State, "list">;
  readonly arguments: AgentArguments;
  /** Resolves when there is one: nobody is called before. */
  readonly address: Promise<void>;
  /** Resolves when the disks that there are have been found. Only what is about disks waits for them. */
  readonly disks: Promise<void>;
  /** Called when the provisioner has taken the first hello. */
  readonly greeted: () => void;
  readonly said: (level: "info" | "warn", text: string) => void;
  readonly noted: (level: "info" | "warn", text: string) => void;
  readonly end: (how: "restart" | "powerOff") => void;
  readonly faults: { listen(listener: (fault: { readonly reason: string }) => void): void };
  readonly signal: AbortSignal;
}

/** Resolves when the signal aborts. */
export async function runAgent(surroundings: Surroundings): Promise<void> {
  const { arguments: args, state, said, end, faults, signal } = surroundings;
  const disks = async () => {
    await surroundings.disks;
    return listDisks(sys);
  };
  const signatures = (disk: Disk) => diskSignatures(disk, { sys, dev });
  const inventory = new Inventory(
    {
      smbios: readSmbios,
      bootFirmware: () => bootFirmware(sys),
      disks,
      signatures,
      health: async (disk) => {
        await using opened = await lookInto(disk);
        return await readHealth(opened.firmware);
      },
      networkInterfaces: () => listNetworkInterfaces(sys),
      addresses,
      neighbours: async () => {
        const { resources } = await state.list(LinkNeighbor);
        return new Map(resources.map(({ metadata, spec }) => [metadata.id, spec]));
      },
      pciDevices: () => listPciDevices(sys),
      pciNames: async () => pciNames(await readFile("/usr/share/misc/pci.ids", "utf8")),
      tpm: () => findTpm(sys, dev),
      bmc: lookAtBmc,
    },
    systemClock,
  );
  const agent = new Agent({
    arguments: args,
    version: project.version,
    kernelBootId: (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim(),
    clock: systemClock,
    random: Math.random,
    identity,
    address: surroundings.address,
    greeted: surroundings.greeted,
    uptimeMs: () => uptime() * 1000,
    residentBytes: () => process.memoryUsage.rss(),
    setClock,
    said,
    noted: surroundings.noted,
    inventory,
    logs: kernelLog({ now: () => systemClock.now(), sinceBootMs: () => uptime() * 1000 }),
    executors: {
      wipe: wipeOrder({
        clock: systemClock,
        random: Math.random,
        disks,
        signatures,
        takeApart: (disk) => takeApart(sys, disk.devPath, dismantle),
        open: (disk) => openBlockDevice(disk.devPath, speaks(disk)),
        wiped: () => inventory.wiped(),
        said: surroundings.noted,
      }),
      bmcAccount: bmcAccountOrder({ openDevice: () => new IpmiDevice(), clock: bmcClock }),
      identify: identifyOrder({ openDevice: openIpmi, clock: bmcClock }),
      reboot: rebootOrder(() => end("restart")),
      powerOff: powerOffOrder(() => end("powerOff")),
      test: testOrder({
        clock: systemClock,
        disks,
        openFirmware: lookInto,
        freeMemoryBytes: freemem,
        connect: connectSink,
      }),
    },
  });
  faults.listen(({ reason }) => agent.fault(reason));
  await agent.run(signal);
}

/** Undefined where this machine has no BMC that answers from inside. */
const openIpmi = () => (existsSync("/dev/ipmi0") ? new IpmiDevice() : undefined);

async function lookAtBmc() {
  const device = openIpmi();
  if (!device) return undefined;
  await using bmc = hostTransport({ device, clock: bmcClock });
  const own = await setUpOwnAccount(bmc, { onlyLook: true, userName: "", password: "", privilege: "none" });
  return {
    addresses: [...own.addresses],
    mac: own.mac,
    manufacturer: own.manufacturer ?? "",
    firmwareVersion: own.firmwareVersion ?? "",
  };
}

async function readSmbios() {
  const table = readStructures(await readFile("/sys/firmware/dmi/tables/DMI"));
  return { ...systemInformation(table), broken: table.broken };
}

/** Without keeping anybody else out. */
async function lookInto(disk: Disk) {
  const handle = await open(disk.devPath, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const firmware = openFirmware(handle.fd, speaks(disk));
    return { firmware, [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function identity(): Promise<Identity> {
  const { system, board } = await readSmbios().catch(() => ({ system: undefined, board: undefined }));
  const cards = await listNetworkInterfaces(sys);
  return {
    uuid: system?.uuid ?? "",
    serial: system?.serial ?? "",
    boardSerial: board?.serial ?? "",
    macs: cards.map(({ permanentMac }) => permanentMac),
  };
}

const addresses = () =>
  Object.fromEntries(
    Object.entries(networkInterfaces()).map(([name, all = []]) => [
      name,
      all.flatMap(({ cidr }) => (cidr === null ? [] : [cidr])),
    ]),
  );
