import { expect, test } from "vitest";
import { bootPatches, redfishQuirksOf } from "./quirks.ts";

test.each([
  ["Dell Inc.", undefined, "changed"],
  ["AMI", undefined, "whole"],
  ["American Megatrends International, LLC", undefined, "whole"],
  [undefined, "ASRockRack", "whole"],
  [undefined, "Supermicro", "whole"],
  ["HPE", "HPE", "asked"],
  ["Lenovo", undefined, "asked"],
  // No manufacturer has three letters of another's name by chance.
  ["Miami Computers", undefined, "asked"],
  [undefined, undefined, "asked"],
])(
  "of a service by %s, system by %s, a boot override is first patched: %s",
  (vendor, manufacturer, first) => {
    expect(redfishQuirksOf(vendor, manufacturer).bootPatches[0]).toBe(first);
  },
);

const found = {
  BootSourceOverrideEnabled: "Once",
  BootSourceOverrideTarget: "None",
  BootSourceOverrideMode: "UEFI",
} as const;

test.each([
  ["asked", { BootSourceOverrideEnabled: "Once", BootSourceOverrideTarget: "Pxe" }],
  ["whole", { ...found, BootSourceOverrideTarget: "Pxe" }],
  ["changed", { BootSourceOverrideTarget: "Pxe" }],
] as const)("of PXE once, %s is", (variant, patch) => {
  const wanted = { BootSourceOverrideEnabled: "Once", BootSourceOverrideTarget: "Pxe" };
  expect(bootPatches[variant](wanted, found)).toEqual(patch);
});
