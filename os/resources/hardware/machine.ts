// What the firmware says the machine is made of.
import * as z from "zod";
import { hardware } from "../declare.ts";

/** Id: `systeminformation`. */
export const SystemInformation = hardware(
  "SystemInformations",
  z.strictObject({
    manufacturer: z.string(),
    productName: z.string(),
    version: z.string(),
    serialnumber: z.string(),
    uuid: z.string(),
    skuNumber: z.string(),
  }),
  {
    aliases: ["systeminformation"],
    columns: {
      Manufacturer: "{.manufacturer}",
      ProductName: "{.productName}",
      SerialNumber: "{.serialnumber}",
      UUID: "{.uuid}",
    },
  },
);

/** Id: the socket. */
export const Processor = hardware(
  "Processors",
  z.strictObject({
    socket: z.string(),
    manufacturer: z.string(),
    productName: z.string(),
    maxSpeedMhz: z.int(),
    coreCount: z.int(),
    threadCount: z.int(),
  }),
  { aliases: ["cpus", "cpu"], columns: { Model: "{.productName}", Cores: "{.coreCount}" } },
);

/** Id: the address, such as `0000:00:1f.2`. Numbers are as lspci writes them. */
export const PciDevice = hardware(
  "PCIDevices",
  z.strictObject({
    vendor_id: z.string(),
    product_id: z.string(),
    class_id: z.string(),
    vendor: z.string(),
    product: z.string(),
    driver: z.string(),
  }),
  {
    aliases: ["devices", "device"],
    columns: { Vendor: "{.vendor}", Product: "{.product}", Driver: "{.driver}" },
  },
);

/** Id: the slot. */
export const MemoryModule = hardware(
  "MemoryModules",
  z.strictObject({
    sizeMiB: z.int(),
    deviceLocator: z.string(),
    bankLocator: z.string(),
    speed: z.int(),
    manufacturer: z.string(),
    serialNumber: z.string(),
    productName: z.string(),
  }),
  { aliases: ["memorymodules", "ram"], columns: { Manufacturer: "{.manufacturer}", SizeMiB: "{.sizeMiB}" } },
);
