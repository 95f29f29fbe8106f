import { readFile } from "node:fs/promises";
import { listPciDevices } from "../../hardware/pci-devices.ts";
import { pciNames } from "../../hardware/pci-names.ts";
import { PciDevice } from "../../resources/hardware/machine.ts";
import { reflect } from "../../resources/reflect.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Keeps the PCI devices as resources. A machine in agent mode tells them to its provisioner instead. */
export const reportPciDevices: Task<Context> = {
  name: "PCI devices",
  async run({ state }) {
    const devices = await listPciDevices("/sys");
    const names = pciNames(await readFile("/usr/share/misc/pci.ids", "utf8"));
    const hex = (id: number) => `0x${id.toString(16).padStart(4, "0")}`;
    const specs = devices.map(({ address, vendorId, deviceId, class: classId, driver }) => {
      const spec = {
        ...{ vendor_id: hex(vendorId), product_id: hex(deviceId), class_id: hex(classId >> 8) },
        ...{ vendor: names.vendor(vendorId), product: names.product(vendorId, deviceId), driver },
      };
      return [address, spec] as const;
    });
    await reflect(state.as("Kernel"), PciDevice, new Map(specs));
  },
};
