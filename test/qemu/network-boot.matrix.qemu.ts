// Every firmware at every site, to a running kernel: `npm run test:qemu -- --all network-boot.matrix`.
import { beforeAll, describe, expect, test } from "vitest";
import type { Image } from "../../os/image/build.ts";
import { siteNamesFor } from "./framework/boot-site.ts";
import { operatingSystem } from "./framework/image.ts";
import { bootFromNetwork } from "./framework/network-boot.ts";
import { networkFirmwareNames, speaks } from "./framework/network-firmware.ts";

let image: Image;
beforeAll(async () => {
  image = await operatingSystem();
});

describe.each(networkFirmwareNames)("%s", (firmware) => {
  test.each(siteNamesFor(speaks(firmware)))("boots a kernel: %s", async (site) => {
    const { steps } = await bootFromNetwork(firmware, site, { image, until: "kernel" });
    expect(steps).toContainEqual({ step: "scripted", plan: "kernel", why: "rule lab" });
  });
});
