// One machine, from power-on to a kernel that our pxe-server gave it.
import type { Image } from "../../../os/image/build.ts";
import type { Progress } from "../../../pxe-server/booter.ts";
import { openBootSite, type SiteName } from "./boot-site.ts";
import { project } from "./image.ts";
import { Machine } from "./machine.ts";
import { type NetworkFirmwareName, networkFirmware } from "./network-firmware.ts";
import { openRunDirectory } from "./run-directory.ts";

const mac = "52:54:00:00:04:01";

export interface NetworkBoot {
  /** From power-on until the kernel says its first word. */
  readonly kernelMs: number;
  /** What the pxe-server told of this machine. */
  readonly steps: readonly Progress[];
}

export async function bootFromNetwork(
  firmwareName: NetworkFirmwareName,
  siteName: SiteName,
  { image, until }: { readonly image: Image; readonly until: "kernel" | "PID 1" },
): Promise<NetworkBoot> {
  const { firmware, ...how } = networkFirmware[firmwareName];
  const directory = openRunDirectory(project, `netboot ${firmwareName} ${siteName}`);
  await using site = await openBootSite(siteName, { directory, image, ...how });
  await using machine = new Machine(
    { name: `pxe-${firmware}`, firmware, nics: [{ model: "virtio-net-pci", mac }] },
    site.network,
    directory,
  );
  const startMs = performance.now();
  await machine.powerOn({
    order: ["network"],
    ...("networkOver" in how && { networkOver: how.networkOver }),
  });
  await machine.console.waitFor(/Linux version/, { within: "firmware" });
  const kernelMs = performance.now() - startMs;
  // A kernel that finds no initramfs says its version too: what counts is PID 1.
  if (until === "PID 1")
    await machine.console.waitFor(/ingot: boot sequence done/, { within: "operatingSystem" });
  return {
    kernelMs,
    steps: site.reports.filter((report) => report.mac === mac).map(({ progress }) => progress),
  };
}
