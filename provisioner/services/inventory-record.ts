// What is in a machine, as its agent tells it and as it is kept.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type Inventory as Message,
  Firmware_Mode as Mode,
} from "../../api/gen/ingot/agent/v1/inventory_pb.js";
import type { SpecOf } from "../../cosi/resource.ts";
import type { Inventory } from "../resources/inventory.ts";

type Record = SpecOf<typeof Inventory>;

const modes = { [Mode.UNSPECIFIED]: "unknown", [Mode.BIOS]: "bios", [Mode.UEFI]: "uefi" } as const;

export function inventoryRecord(message: Message, now: Date): Record {
  const { at, system, firmware, tpm, bmc } = message;
  return {
    at: at ? timestampDate(at) : now,
    system: {
      manufacturer: system?.manufacturer ?? "",
      product: system?.product ?? "",
      version: system?.version ?? "",
      serial: system?.serial ?? "",
      uuid: system?.uuid ?? "",
      sku: system?.sku ?? "",
      family: system?.family ?? "",
      assetTag: system?.assetTag ?? "",
      boardManufacturer: system?.boardManufacturer ?? "",
      boardProduct: system?.boardProduct ?? "",
      boardSerial: system?.boardSerial ?? "",
      chassisSerial: system?.chassisSerial ?? "",
    },
    firmware: {
      mode: modes[firmware?.mode ?? Mode.UNSPECIFIED] ?? "unknown",
      vendor: firmware?.vendor ?? "",
      version: firmware?.version ?? "",
      date: firmware?.date ?? "",
      ...(firmware?.secureBoot !== undefined && { secureBoot: firmware.secureBoot }),
    },
    processors: message.processors.map(({ socket, manufacturer, model, cores, threads, maxMhz }) => ({
      socket,
      manufacturer,
      model,
      cores,
      threads,
      maxMhz,
    })),
    memory: message.memory.map(({ locator, manufacturer, partNumber, serial, sizeBytes, speedMts }) => ({
      locator,
      manufacturer,
      partNumber,
      serial,
      sizeBytes: Number(sizeBytes),
      speedMts,
    })),
    disks: message.disks.map(diskRecord),
    networkInterfaces: message.networkInterfaces.map(interfaceRecord),
    pciDevices: message.pciDevices.map((device) => ({
      address: device.address,
      vendorId: device.vendorId,
      deviceId: device.deviceId,
      class: device.class,
      subsystemVendorId: device.subsystemVendorId,
      subsystemDeviceId: device.subsystemDeviceId,
      vendor: device.vendor,
      product: device.product,
      driver: device.driver,
    })),
    ...(tpm && {
      tpm: { version: tpm.version, manufacturer: tpm.manufacturer, firmwareVersion: tpm.firmwareVersion },
    }),
    ...(bmc && {
      bmc: {
        manufacturer: bmc.manufacturer,
        product: bmc.product,
        firmwareVersion: bmc.firmwareVersion,
        ipmiVersion: bmc.ipmiVersion,
        mac: bmc.mac,
        addresses: [...bmc.addresses],
      },
    }),
    gaps: [...message.gaps],
  };
}

const diskRecord = (disk: Message["disks"][number]): Record["disks"][number] => ({
  id: disk.id,
  device: disk.device,
  model: disk.model,
  serial: disk.serial,
  wwid: disk.wwid,
  busPath: disk.busPath,
  transport: disk.transport,
  sizeBytes: Number(disk.sizeBytes),
  logicalSectorBytes: disk.logicalSectorBytes,
  physicalSectorBytes: disk.physicalSectorBytes,
  rotational: disk.rotational,
  removable: disk.removable,
  readOnly: disk.readOnly,
  firmwareVersion: disk.firmwareVersion,
  signatures: [...disk.signatures],
  ...(disk.healthy !== undefined && { healthy: disk.healthy }),
});

const interfaceRecord = (one: Message["networkInterfaces"][number]): Record["networkInterfaces"][number] => ({
  name: one.name,
  mac: one.mac,
  permanentMac: one.permanentMac,
  driver: one.driver,
  busPath: one.busPath,
  firmwareVersion: one.firmwareVersion,
  carrier: one.carrier,
  speedMbps: one.speedMbps,
  addresses: [...one.addresses],
  ...(one.neighbour && {
    neighbour: {
      systemName: one.neighbour.systemName,
      chassisId: one.neighbour.chassisId,
      portId: one.neighbour.portId,
      portDescription: one.neighbour.portDescription,
    },
  }),
});
