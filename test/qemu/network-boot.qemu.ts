// Real firmware, from power-on to PID 1, by our own DHCP, TFTP and HTTP. Every firmware once, and every site once;
// network-boot.matrix.qemu.ts has all pairs.
import { beforeAll, expect, test } from "vitest";
import type { Image } from "../../os/image/build.ts";
import { operatingSystem } from "./framework/image.ts";
import { bootFromNetwork } from "./framework/network-boot.ts";
import { networkFirmware } from "./framework/network-firmware.ts";

let image: Image;
beforeAll(async () => {
  image = await operatingSystem();
});

test.each([
  ["SeaBIOS with iPXE ROM", "full"],
  ["SeaBIOS to our iPXE", "full through a relay"],
  ["OVMF PXE", "proxy beside Kea"],
  ["OVMF HTTP Boot", "proxy beside dnsmasq"],
] as const)("%s boots PID 1: %s", async (firmware, site) => {
  const { steps } = await bootFromNetwork(firmware, site, { image, until: "PID 1" });
  expect(steps).toContainEqual({ step: "scripted", plan: "kernel", why: "rule lab" });
  const { takes } = networkFirmware[firmware];
  const loaded = steps.flatMap((step) =>
    step.step === "downloaded" && /\.(efi|k?pxe)$/.test(step.file) ? [step] : [],
  );
  // A machine whose firmware is iPXE never loads another, unless it was sent to it.
  expect(loaded).toEqual(takes ? [expect.objectContaining(takes)] : []);
  const files = steps.filter(({ step }) => step === "downloaded").length - loaded.length;
  expect(files).toBeGreaterThanOrEqual(2);
});
