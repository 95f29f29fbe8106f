import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

const text = z.string();
const count = z.int().min(0);

const disk = z.strictObject({
  /** The same at every boot: made of wwid, serial or path, in this order. */
  id: text,
  /** Of this boot only: names swap. */
  device: text,
  model: text,
  serial: text,
  wwid: text,
  busPath: text,
  /** `nvme`, `sata`, `sas`, `virtio`, `usb`, … */
  transport: text,
  sizeBytes: count,
  logicalSectorBytes: count,
  physicalSectorBytes: count,
  rotational: z.boolean(),
  removable: z.boolean(),
  readOnly: z.boolean(),
  firmwareVersion: text,
  signatures: z.array(text),
  /** What the disk itself thinks of its health; unset where it does not tell. */
  healthy: z.boolean().optional(),
});

export type InventoryDisk = z.output<typeof disk>;

/** What is in a machine, as it said itself, garbage and all. Id: the machine's. */
export const Inventory = declare("Inventories", {
  aliases: ["inventory", "inventories", "inv"],
  columns: {
    manufacturer: "{.system.manufacturer}",
    product: "{.system.product}",
    serial: "{.system.serial}",
    at: "{.at}",
  },
  spec: z.strictObject({
    at: timestamp,
    system: z.strictObject({
      manufacturer: text,
      product: text,
      version: text,
      serial: text,
      uuid: text,
      sku: text,
      family: text,
      assetTag: text,
      boardManufacturer: text,
      boardProduct: text,
      boardSerial: text,
      chassisSerial: text,
    }),
    firmware: z.strictObject({
      mode: z.enum(["bios", "uefi", "unknown"]),
      vendor: text,
      version: text,
      date: text,
      secureBoot: z.boolean().optional(),
    }),
    processors: z.array(
      z.strictObject({
        socket: text,
        manufacturer: text,
        model: text,
        cores: count,
        threads: count,
        maxMhz: count,
      }),
    ),
    memory: z.array(
      z.strictObject({
        locator: text,
        manufacturer: text,
        partNumber: text,
        serial: text,
        /** 0 for an empty slot. */
        sizeBytes: count,
        speedMts: count,
      }),
    ),
    disks: z.array(disk),
    networkInterfaces: z.array(
      z.strictObject({
        name: text,
        mac: text,
        permanentMac: text,
        driver: text,
        busPath: text,
        firmwareVersion: text,
        carrier: z.boolean(),
        speedMbps: count,
        addresses: z.array(text),
        /** The switch at the other end, as LLDP tells it. */
        neighbour: z
          .strictObject({ systemName: text, chassisId: text, portId: text, portDescription: text })
          .optional(),
      }),
    ),
    pciDevices: z.array(
      z.strictObject({
        address: text,
        vendorId: count,
        deviceId: count,
        class: count,
        subsystemVendorId: count,
        subsystemDeviceId: count,
        vendor: text,
        product: text,
        driver: text,
      }),
    ),
    tpm: z.strictObject({ version: text, manufacturer: text, firmwareVersion: text }).optional(),
    bmc: z
      .strictObject({
        manufacturer: text,
        product: text,
        firmwareVersion: text,
        ipmiVersion: text,
        mac: text,
        addresses: z.array(text),
      })
      .optional(),
    /** Parts that could not be looked at, and why. */
    gaps: z.array(text),
  }),
});
