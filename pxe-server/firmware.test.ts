import { describe, expect, test } from "vitest";
import { architectureOf, architectures, loaderFiles, nextStage, raspberryFile } from "./firmware.ts";

describe("architectureOf", () => {
  test.each([
    [[0], "bios"],
    [[7], "uefi-x64"],
    [[9], "uefi-x64"],
    [[11], "uefi-arm64"],
    [[16], "uefi-x64-http"],
    [[19], "uefi-arm64-http"],
    [[27], "uefi-riscv64"],
    [[41], "raspberry-pi"],
    [[999, 7], "uefi-x64"],
    [[999], undefined],
    [[], undefined],
  ])("of %j is %s", (codes, architecture) => {
    expect(architectureOf(codes)).toBe(architecture);
  });

  test("knows a Raspberry Pi that calls itself a BIOS by its maker", () => {
    expect(architectureOf([0], "dc:a6:32:01:02:03")).toBe("raspberry-pi");
    expect(architectureOf([11], "dc:a6:32:01:02:03")).toBe("uefi-arm64");
    expect(architectureOf([0], "52:54:00:01:02:03")).toBe("bios");
  });

  test("knows no code twice", () => {
    const known = Array.from({ length: 256 }, (_, code) => architectureOf([code])).filter(Boolean);
    expect(new Set(known)).toEqual(new Set(architectures));
  });
});

describe("nextStage", () => {
  test.each([
    ["bios", "snponly", { load: "loader", over: "tftp", file: "undionly.kpxe" }],
    ["bios", "ipxe", { load: "loader", over: "tftp", file: "ipxe.pxe" }],
    ["uefi-x64", "snponly", { load: "loader", over: "tftp", file: "snponly.efi" }],
    ["uefi-x64", "ipxe", { load: "loader", over: "tftp", file: "ipxe-amd64.efi" }],
    ["uefi-x64-http", "snponly", { load: "loader", over: "http", file: "snponly.efi" }],
    ["uefi-arm64", "snponly", { load: "loader", over: "tftp", file: "ipxe-arm64.efi" }],
    ["uefi-ia32", "snponly", { load: "nothing", why: "there is no snponly loader for uefi-ia32" }],
    ["raspberry-pi", "snponly", { load: "own files" }],
    [undefined, "snponly", { load: "nothing", why: "its client architecture is not one we know" }],
  ] as const)("sends %s with the %s loader to %j", (architecture, kind, stage) => {
    expect(nextStage({ architecture, isIpxe: false }, kind)).toEqual(stage);
  });

  // A peer serves EFI iPXE its loader again and loops every five seconds.
  test.each([...architectures, undefined])("never gives iPXE on %s a loader again", (architecture) => {
    expect(nextStage({ architecture, isIpxe: true })).toEqual({ load: "script" });
  });
});

test.each([
  ["start4.elf", "start4.elf"],
  ["1a2b3c4d/start4.elf", "start4.elf"],
  ["dc-a6-32-01-02-03/overlays/disable-bt.dtbo", "overlays/disable-bt.dtbo"],
  ["1a2b3c4d/../secret", undefined],
  ["../secret", undefined],
  ["", undefined],
])("a Raspberry Pi that asks for %j means %j", (name, file) => {
  expect(raspberryFile(name)).toBe(file);
});

test("loaderFiles names each file of a kind once", () => {
  expect(loaderFiles(["snponly"])).toEqual([
    "ipxe-arm64.efi",
    "ipxe-riscv64.efi",
    "snponly.efi",
    "undionly.kpxe",
  ]);
});
