import { readdir, readFile, readlink } from "node:fs/promises";
import { basename, join } from "node:path";

export interface PciDevice {
  readonly address: string;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly class: number;
  readonly subsystemVendorId: number;
  readonly subsystemDeviceId: number;
  readonly driver: string;
}

export async function listPciDevices(sys: string): Promise<PciDevice[]> {
  const folder = join(sys, "bus/pci/devices");
  const addresses: string[] = await readdir(folder).catch(() => []);
  return Promise.all(
    addresses.sort().map(async (address) => {
      const number = async (name: string) =>
        Number(await readFile(join(folder, address, name), "latin1").catch(() => "0")) || 0;
      return {
        address,
        vendorId: await number("vendor"),
        deviceId: await number("device"),
        class: await number("class"),
        subsystemVendorId: await number("subsystem_vendor"),
        subsystemDeviceId: await number("subsystem_device"),
        driver: basename(await readlink(join(folder, address, "driver")).catch(() => "")),
      };
    }),
  );
}
