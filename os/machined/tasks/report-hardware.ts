import { readFileSync } from "node:fs";
import { listDisks } from "../../block/disks.ts";
import { readStructures } from "../../hardware/smbios/structure.ts";
import { systemInformation } from "../../hardware/smbios/system-information.ts";
import { Uevents } from "../../kernel/uevents.ts";
import { Disk } from "../../resources/hardware/disk.ts";
import { MemoryModule, Processor, SystemInformation } from "../../resources/hardware/machine.ts";
import { reflect } from "../../resources/reflect.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Keeps the hardware as resources, and says on the console which disks were found. */
export const reportHardware: Task<Context> = {
  name: "hardware report",
  async run(context, signal) {
    await reportFirmware(context);
    let looking = lookAtDisks(context);
    const again = () => {
      looking = looking
        .then(() => lookAtDisks(context))
        .catch((error: unknown) => context.log.write("warn", `Cannot list the disks: ${String(error)}`));
    };
    const uevents = new Uevents({
      seen: ({ properties }) => properties.get("SUBSYSTEM") === "block" && again(),
      overrun: again,
      failed: (error) => context.log.write("error", `Cannot notice new disks: ${error.message}`),
    });
    signal.addEventListener("abort", () => uevents[Symbol.dispose]());
    await looking;
  },
};

/** On the console only once for each disk, so that somebody in front of the machine sees what it sees. */
const said = new Set<string>();

async function lookAtDisks({ state, log }: Context): Promise<void> {
  const disks = await listDisks("/sys");
  for (const { devPath, transport, sizeBytes, model, serial } of disks) {
    const text = `disk ${devPath}: ${transport}, ${prettySize(sizeBytes)}, ${model || "no model"}, serial ${serial || "unknown"}`;
    if (!said.has(text)) log.write("info", text);
    said.add(text);
  }
  const specs = disks.map((disk) => {
    const spec = {
      dev_path: disk.devPath,
      size: disk.sizeBytes,
      pretty_size: prettySize(disk.sizeBytes),
      io_size: disk.physicalSectorBytes,
      sector_size: disk.sectorBytes,
      readonly: disk.readOnly,
      cdrom: disk.cdrom,
      model: disk.model,
      serial: disk.serial,
      wwid: disk.wwid,
      bus_path: disk.busPath,
      transport: disk.transport === "unknown" ? "" : disk.transport,
      rotational: disk.rotational,
    };
    return [disk.devPath.replace("/dev/", ""), spec] as const;
  });
  await reflect(state.as("Kernel"), Disk, new Map(specs));
}

const prettySize = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

async function reportFirmware({ state, log }: Context): Promise<void> {
  let table: Uint8Array;
  try {
    table = readFileSync("/sys/firmware/dmi/tables/DMI");
  } catch {
    return log.write("info", "the firmware says nothing of the machine (no SMBIOS)");
  }
  const { system, processors, memory } = systemInformation(readStructures(table));
  const firmware = state.as("Firmware");
  const systems = system && {
    manufacturer: system.manufacturer,
    productName: system.product,
    version: system.version,
    serialnumber: system.serial,
    uuid: system.uuid ?? "",
    skuNumber: system.sku,
  };
  await reflect(firmware, SystemInformation, new Map(systems ? [["systeminformation", systems]] : []));
  await reflect(
    firmware,
    Processor,
    new Map(
      processors.map(({ socket, manufacturer, model, maximumMegahertz, cores, threads }, nth) => [
        socket || `cpu${nth}`,
        {
          ...{ socket, manufacturer, productName: model, maxSpeedMhz: maximumMegahertz },
          ...{ coreCount: cores, threadCount: threads },
        },
      ]),
    ),
  );
  await reflect(
    firmware,
    MemoryModule,
    new Map(
      memory.map(({ slot, bank, manufacturer, serial, part, sizeMegabytes, megatransfers }, nth) => [
        slot || `slot${nth}`,
        {
          ...{ sizeMiB: sizeMegabytes, deviceLocator: slot, bankLocator: bank, speed: megatransfers },
          ...{ manufacturer, serialNumber: serial, productName: part },
        },
      ]),
    ),
  );
}
