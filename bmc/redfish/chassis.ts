// Who the server is, what firmware it runs and its identify LED, over Redfish.
import { absent, type Chassis, type Done, type SystemFacts } from "../bmc.ts";
import { orAbsent } from "./optional-answer.ts";
import { isLack } from "./problem.ts";
import {
  chassis as chassisShape,
  ethernetInterface,
  manager as managerShape,
  software,
  system as systemShape,
  updateService,
} from "./resources.ts";
import { readingsOf, type Target } from "./system.ts";

export const redfishChassis = (target: Target): Chassis => ({
  facts: () => readFacts(target),
  firmware: () => orAbsent(readFirmware(target)),
  identify: (wanted) => orAbsent(identify(target, wanted)),
});

async function readFacts(target: Target): Promise<SystemFacts> {
  const { service, path } = target;
  const system = await service.get(path, systemShape);
  const [manager] = await target.managers();
  const blank = (value: string | undefined) => value?.trim() || undefined;
  return {
    manufacturer: blank(system.Manufacturer),
    model: blank(system.Model),
    serial: blank(system.SerialNumber),
    uuids: readingsOf(system.UUID),
    macs: await readMacs(target),
    bmcFirmware:
      manager === undefined ? undefined : (await service.get(manager, managerShape)).FirmwareVersion,
  };
}

async function readMacs({ service, system }: Target): Promise<readonly string[]> {
  if (system.EthernetInterfaces === undefined) return [];
  try {
    const ports = await service.members(system.EthernetInterfaces, ethernetInterface);
    return ports.flatMap(({ value: { PermanentMACAddress, MACAddress } }) => {
      const mac = (PermanentMACAddress ?? MACAddress)?.toLowerCase().replaceAll("-", ":");
      return mac !== undefined && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? [mac] : [];
    });
  } catch (error) {
    // Linked, and only there once an agent runs in the operating system.
    if (!isLack(error)) throw error;
    return [];
  }
}

async function readFirmware({ service, root }: Target) {
  if (root.UpdateService === undefined) return absent("the BMC has no update service");
  const { FirmwareInventory } = await service.get(root.UpdateService, updateService);
  if (FirmwareInventory === undefined) return absent("the BMC has no firmware inventory");
  const items = await service.members(FirmwareInventory, software);
  return items.flatMap(({ value: { Name, Id, Version } }) => {
    const name = Name ?? Id;
    return name === undefined || Version === undefined ? [] : [{ name, version: Version }];
  });
}

async function identify(target: Target, wanted: number | "on" | "off"): Promise<Done> {
  if (typeof wanted === "number" && wanted > 0)
    return absent("Redfish knows no time after which the LED goes off");
  const { service } = target;
  const isOn = wanted === "on";
  for (const path of [target.path, ...(await target.chassis())]) {
    const {
      value: { LocationIndicatorActive, IndicatorLED },
      etag,
    } = await service.read(path, chassisShape);
    // The old property is deprecated, and on some BMCs all there is.
    const body =
      LocationIndicatorActive !== undefined
        ? { LocationIndicatorActive: isOn }
        : IndicatorLED !== undefined
          ? { IndicatorLED: isOn ? "Lit" : "Off" }
          : undefined;
    if (!body) continue;
    await service.change(path, body, etag);
    return undefined;
  }
  return absent("the BMC tells of no LED");
}
