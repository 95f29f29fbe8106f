// What a machine of the fleet tells of itself: as much as a usual server does.
import { create } from "@bufbuild/protobuf";
import { type Inventory, InventorySchema } from "../../api/gen/ingot/agent/v1/inventory_pb.js";
import type { InventoryContent } from "../../os/agent/inventory-source.ts";

export interface FleetIdentity {
  readonly uuid: string;
  readonly serial: string;
  readonly macs: readonly string[];
}

/** The same machine has the same identity in every run. */
export function fleetIdentity(index: number): FleetIdentity {
  const hex = index.toString(16).padStart(6, "0");
  const mac = (nic: number) => `52:54:0${nic}:${hex.match(/../g)!.join(":")}`;
  return {
    uuid: `4c4c4544-0000-4000-8000-000001${hex}`,
    serial: `FLEET${index}`,
    macs: [mac(0), mac(1)],
  };
}

export const diskOf = (index: number) => ({
  id: `wwid-fleet-${index}`,
  device: "/dev/nvme0n1",
  model: "Fleet NVMe",
  serial: `D${index}`,
  wwid: `wwid-fleet-${index}`,
  sizeBytes: 960_197_124_096n,
});

export const fleetInventory = (index: number): InventoryContent => fleetMessage(index);

export function fleetMessage(index: number): Inventory {
  const { uuid, serial, macs } = fleetIdentity(index);
  return create(InventorySchema, {
    system: { manufacturer: "Fleet", product: index % 2 === 0 ? "F-100" : "F-200", serial, uuid },
    firmware: { vendor: "Fleet", version: "1.2.3", date: "01/01/2026" },
    processors: [0, 1].map((socket) => ({
      socket: `CPU${socket}`,
      manufacturer: "Fleet",
      model: "64-core",
      cores: 64,
      threads: 128,
      maxMhz: 3_700,
    })),
    memory: Array.from({ length: 16 }, (_, slot) => ({
      locator: `DIMM ${slot}`,
      manufacturer: "Fleet",
      partNumber: "M393A8G40",
      serial: `M${index}-${slot}`,
      sizeBytes: 68_719_476_736n,
      speedMts: 3_200,
    })),
    disks: [{ ...diskOf(index), transport: "nvme", logicalSectorBytes: 512, physicalSectorBytes: 4096 }],
    networkInterfaces: macs.map((mac, nic) => ({
      name: `eth${nic}`,
      mac,
      permanentMac: mac,
      driver: "ice",
      carrier: nic === 0,
      speedMbps: 25_000,
      addresses: nic === 0 ? ["127.0.0.1/8"] : [],
    })),
    pciDevices: Array.from({ length: 20 }, (_, slot) => ({
      address: `0000:${slot.toString(16).padStart(2, "0")}:00.0`,
      vendorId: 0x8086,
      deviceId: 0x1000 + slot,
      class: 0x020000,
      vendor: "Fleet",
      product: `Device ${slot}`,
    })),
    gaps: [],
  });
}
