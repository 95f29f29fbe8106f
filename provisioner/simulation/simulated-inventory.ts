import type { SpecOf } from "../../cosi/resource.ts";
import type { Inventory } from "../resources/inventory.ts";
import type { Guest } from "./site.ts";
import { unknownSystem } from "./unknown-system.ts";

const disk = {
  device: "/dev/sda",
  model: "simulated",
  serial: "s",
  wwid: "w",
  busPath: "",
  transport: "sata",
  sizeBytes: 100_000_000_000,
  logicalSectorBytes: 512,
  physicalSectorBytes: 512,
  rotational: false,
  removable: false,
  readOnly: false,
  firmwareVersion: "",
  signatures: [],
};
const controller = {
  manufacturer: "",
  product: "",
  firmwareVersion: "",
  ipmiVersion: "2.0",
  mac: "",
  addresses: [],
};

/** As little as decisions look at. */
export const inventoryOf = ({ id, hardware }: Guest): SpecOf<typeof Inventory> => ({
  at: new Date(0),
  system: { ...unknownSystem },
  firmware: { mode: "uefi", vendor: "", version: "", date: "" },
  processors: [],
  memory: [],
  disks: hardware.diskless ? [] : [{ id: `${id}-disk`, ...disk }],
  networkInterfaces: [
    {
      name: "eth0",
      mac: "",
      permanentMac: "",
      driver: "",
      busPath: "",
      firmwareVersion: "",
      carrier: true,
      speedMbps: 0,
      addresses: [`address-of-${id}/24`],
    },
  ],
  pciDevices: [],
  ...(hardware.bmc && { bmc: controller }),
  gaps: [],
});
