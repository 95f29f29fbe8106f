// The boot override as a property of a system, with the vendors' ways of being told.
import type { BootDevice } from "../../bmc.ts";
import type { SimulatedChassis } from "../chassis.ts";
import { type Answer, refuse, refuseAs } from "./message.ts";
import { type Body, type Caller, isBody } from "./resource.ts";

const devices: Readonly<Record<string, BootDevice>> = {
  None: "none",
  Pxe: "pxe",
  Hdd: "disk",
  Cd: "cdrom",
  Usb: "usb",
  BiosSetup: "bios",
};
const lastings = { Disabled: "once", Once: "once", Continuous: "persistent" } as const;
const modes = { UEFI: "uefi", Legacy: "legacy" } as const;

const fields = {
  BootSourceOverrideTarget: Object.keys(devices),
  BootSourceOverrideEnabled: Object.keys(lastings),
  BootSourceOverrideMode: Object.keys(modes),
} as const;
type Field = keyof typeof fields;

function stateOf({ bootOverride: { device, lasting, firmware } }: SimulatedChassis): Record<Field, string> {
  return {
    BootSourceOverrideTarget: Object.keys(devices).find((name) => devices[name] === device)!,
    BootSourceOverrideEnabled: device === "none" ? "Disabled" : lasting === "once" ? "Once" : "Continuous",
    BootSourceOverrideMode:
      firmware === "legacy" || (device !== "none" && firmware === undefined) ? "Legacy" : "UEFI",
  };
}

const unset: Record<Field, string> = {
  BootSourceOverrideTarget: "None",
  BootSourceOverrideEnabled: "Disabled",
  BootSourceOverrideMode: "Legacy",
};

const knownFields = ({ quirks }: SimulatedChassis) =>
  (Object.keys(fields) as Field[]).filter(
    (name) => name !== "BootSourceOverrideMode" || !quirks.redfish?.noBootMode,
  );

export function bootOf(chassis: SimulatedChassis): Body {
  const state = stateOf(chassis);
  return Object.fromEntries(
    knownFields(chassis).flatMap((name) => [
      [name, state[name]],
      [`${name}@Redfish.AllowableValues`, fields[name]],
    ]),
  );
}

/** `where` the PATCH arrived: AMI takes it on the settings resource alone. */
export const bootSetter =
  (where: "system" | "settings") =>
  (value: unknown, { memory, chassis: ours, ids }: Caller): Answer | (() => void) => {
    const chassis = memory.systems.get(ids["system"]!)!;
    const quirks = ours.quirks.redfish ?? {};
    if (quirks.unlicensed?.includes("boot")) return unlicensed();
    if (where === "system" && quirks.settingsResource) return refuse("propertyReadOnly", "Boot");
    if (!isBody(value)) return refuse("wrongType", "Boot");

    const known = knownFields(chassis);
    const before = stateOf(chassis);
    for (const [name, wanted] of Object.entries(value)) {
      const field = known.find((field) => field === name);
      if (!field) return refuse("propertyUnknown", name);
      if (typeof wanted !== "string") return refuse("wrongType", name);
      if (!(fields[field] as readonly string[]).includes(wanted)) return refuse("notInList", name);
      const repeats = field !== "BootSourceOverrideTarget" && before[field] === wanted;
      if (quirks.refusesUnchangedBootFields && repeats) return refuse("unchanged", name);
    }
    const missing = known.find((name) => !(name in value));
    if (quirks.wholeBootPatch && missing) return refuse("propertyMissing", missing);
    const kept = quirks.forgetsUnsentBootFields ? unset : before;
    return () => apply(chassis, { ...kept, ...(value as Partial<Record<Field, string>>) }, known);
  };

function apply(chassis: SimulatedChassis, wanted: Record<Field, string>, known: readonly Field[]): void {
  const isOff = wanted.BootSourceOverrideEnabled === "Disabled";
  // IPMI's minute does not hold for what was set over Redfish.
  chassis.keepBootOverridePastTimeout(true);
  chassis.setBootOverride({
    device: isOff ? "none" : devices[wanted.BootSourceOverrideTarget]!,
    lasting: lastings[wanted.BootSourceOverrideEnabled as keyof typeof lastings],
    ...(isOff || !known.includes("BootSourceOverrideMode")
      ? {}
      : { firmware: modes[wanted.BootSourceOverrideMode as keyof typeof modes] }),
  });
}

/** In the words of Supermicro. */
export const unlicensed = () =>
  refuseAs(403, "SMC.1.0.OemLicenseNotPassed", "Not licensed to perform this request.");
