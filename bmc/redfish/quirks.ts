// What some manufacturers' Redfish wants otherwise: one row each. What can be seen in the resources themselves (a missing
// BootSourceOverrideMode, a settings resource, an older virtual media) is no quirk and needs no name.
import type { BootProperties } from "./resources.ts";

/** The three properties of a boot override, as they are patched. */
export type BootPatch = {
  readonly [N in "BootSourceOverrideEnabled" | "BootSourceOverrideTarget" | "BootSourceOverrideMode"]?:
    | string
    | undefined;
};

/** How much of the boot override a PATCH carries. Every service refuses what it dislikes before it changes anything. */
export const bootPatches = {
  /** What is asked for, as the specification has it. */
  asked: (wanted) => wanted,
  /** All three, the ones not asked for as they are. */
  whole: (wanted, found) => ({
    BootSourceOverrideEnabled: wanted.BootSourceOverrideEnabled ?? found.BootSourceOverrideEnabled,
    BootSourceOverrideTarget: wanted.BootSourceOverrideTarget ?? "None",
    BootSourceOverrideMode: wanted.BootSourceOverrideMode ?? found.BootSourceOverrideMode,
  }),
  /** Only what differs from what is there. */
  changed: (wanted, found) =>
    Object.fromEntries(
      Object.entries(wanted).filter(([name, value]) => found[name as keyof BootPatch] !== value),
    ),
} as const satisfies Record<string, (wanted: BootPatch, found: BootProperties) => BootPatch>;

export interface RedfishQuirks {
  /** Tried in this order until one is not refused. */
  readonly bootPatches: readonly (keyof typeof bootPatches)[];
}

const usual: RedfishQuirks = { bootPatches: ["asked", "whole", "changed"] };

/** By the vendor of the service root or the manufacturer of the system. First match wins. */
const byVendor: ReadonlyArray<readonly [vendor: RegExp, quirks: RedfishQuirks]> = [
  // iDRAC refuses Enabled and Mode that are sent again as they are.
  [/dell/i, { bootPatches: ["changed", "asked"] }],
  // Refuse a PATCH of fewer than all three. X12 and later of Supermicro forget Enabled and Mode when not told again.
  [/^ami$|american megatrends|asrock|supermicro/i, { bootPatches: ["whole", "asked"] }],
];

export const redfishQuirksOf = (...names: readonly (string | undefined)[]): RedfishQuirks =>
  byVendor.find(([vendor]) => names.some((name) => name !== undefined && vendor.test(name)))?.[1] ?? usual;
