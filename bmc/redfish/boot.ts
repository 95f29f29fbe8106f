// The boot override, virtual media and Secure Boot over Redfish.
import { type Absent, absent, type Boot, type BootDevice, type BootOverride, type Done } from "../bmc.ts";
import { RedfishError } from "./error.ts";
import { setMedia } from "./media.ts";
import { orAbsent } from "./optional-answer.ts";
import { type BootPatch, bootPatches } from "./quirks.ts";
import { type BootProperties, pendingSystem, secureBoot, system as systemShape } from "./resources.ts";
import type { Target } from "./system.ts";

const targetOf = {
  none: "None",
  pxe: "Pxe",
  disk: "Hdd",
  cdrom: "Cd",
  usb: "Usb",
  bios: "BiosSetup",
} as const satisfies Record<BootDevice, string>;

/** Several targets of ComputerSystem.BootSource mean one device of the seam. */
const deviceOf: Readonly<Record<string, BootDevice>> = {
  ...Object.fromEntries(Object.entries(targetOf).map(([device, target]) => [target, device as BootDevice])),
  Floppy: "usb",
  UefiHttp: "pxe",
};

export const redfishBoot = (target: Target): Boot => ({
  read: () => orAbsent(readOverride(target)),
  set: (override) => orAbsent(setOverride(target, override)),
  media: (imageUrl) => orAbsent(setMedia(target, imageUrl)),
  secureBoot: () => orAbsent(readSecureBoot(target)),
});

/** Where the override is kept: on the system, or (AMI's "FutureState") on its settings resource. */
interface Kept {
  readonly path: string;
  readonly boot: BootProperties;
  readonly etag: string | undefined;
}

async function find({ service, path }: Target): Promise<Kept | Absent> {
  const { value: system, etag } = await service.read(path, systemShape);
  const settings = system["@Redfish.Settings"]?.SettingsObject;
  if (settings !== undefined) {
    const pending = await service.read(settings, pendingSystem);
    const { Boot } = pending.value;
    // Many settings resources are there for other things.
    if (Boot) return { path: settings, boot: { ...system.Boot, ...Boot }, etag: pending.etag };
  }
  return system.Boot ? { path, boot: system.Boot, etag } : absent("the BMC has no boot override");
}

async function readOverride(target: Target): Promise<BootOverride | Absent> {
  const found = await find(target);
  return "absent" in found ? found : overrideOf(found.boot);
}

function overrideOf(boot: BootProperties): BootOverride {
  const {
    BootSourceOverrideEnabled: enabled,
    BootSourceOverrideTarget: wanted,
    BootSourceOverrideMode: mode,
  } = boot;
  const device =
    enabled === "Disabled" || enabled === undefined ? "none" : (deviceOf[wanted ?? "None"] ?? "none");
  if (device === "none") return { device, lasting: "once" };
  const lasting = enabled === "Continuous" ? "persistent" : "once";
  if (mode === undefined) return { device, lasting };
  return { device, lasting, firmware: mode === "UEFI" ? "uefi" : "legacy" };
}

async function setOverride(target: Target, override: BootOverride): Promise<Done> {
  const found = await find(target);
  if ("absent" in found) return found;
  const { boot, path, etag } = found;
  const wanted = patchOf(override, boot);
  const lack = lackOf(wanted, boot);
  if (lack) return lack;

  let refused: RedfishError | undefined;
  for (const variant of target.quirks.bootPatches) {
    const Boot = bootPatches[variant](wanted, boot);
    if (Object.keys(Boot).length === 0) return undefined;
    try {
      await target.service.change(path, { Boot }, etag);
      return undefined;
    } catch (error) {
      if (!(error instanceof RedfishError) || error.kind !== "refused" || error.status !== 400) throw error;
      // The first says best what the BMC dislikes.
      refused ??= error;
    }
  }
  throw refused!;
}

function patchOf({ device, lasting, firmware }: BootOverride, found: BootProperties): BootPatch {
  if (device === "none") return { BootSourceOverrideEnabled: "Disabled" };
  return {
    BootSourceOverrideEnabled: lasting === "persistent" ? "Continuous" : "Once",
    BootSourceOverrideTarget: targetOf[device],
    // Supermicro's X10 does not know the property, and refuses the whole PATCH for it.
    ...(firmware === undefined || found.BootSourceOverrideMode === undefined
      ? {}
      : { BootSourceOverrideMode: firmware === "uefi" ? "UEFI" : "Legacy" }),
  };
}

function lackOf(wanted: BootPatch, found: BootProperties): Absent | undefined {
  for (const name of ["BootSourceOverrideTarget", "BootSourceOverrideEnabled"] as const) {
    const allowed = found[`${name}@Redfish.AllowableValues`];
    const value = wanted[name];
    if (value !== undefined && allowed && !allowed.includes(value))
      return absent(`the BMC takes no ${name} of ${value}, only ${allowed.join(", ")}`);
  }
  return undefined;
}

async function readSecureBoot({ service, system }: Target): Promise<"enabled" | "disabled" | Absent> {
  if (system.SecureBoot === undefined) return absent("the BMC does not tell about Secure Boot");
  const { SecureBootCurrentBoot: current, SecureBootEnable: wanted } = await service.get(
    system.SecureBoot,
    secureBoot,
  );
  if (current === undefined && wanted === undefined) return absent("the BMC does not tell about Secure Boot");
  // What the machine last started with counts; what is set for its next start, where that is not told.
  return (current === undefined ? wanted : current === "Enabled") ? "enabled" : "disabled";
}
