// Real firmware, from power-on to a running kernel, by our own DHCP, TFTP and HTTP.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Image } from "../../os/image/build.ts";
import type { Report } from "../../pxe-server/booter.ts";
import { pxeConfig } from "../../pxe-server/config.ts";
import { loaderFiles } from "../../pxe-server/firmware.ts";
import { readLoaders } from "../../pxe-server/loaders.ts";
import { macOfNeighbour } from "../../pxe-server/neighbours.ts";
import { openPxeServer } from "../../pxe-server/serve.ts";
import { openStaticBooter } from "../../pxe-server/static-booter.ts";
import { systemClock } from "../../pxe-server/system-clock.ts";
import { Child } from "./framework/child.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { type Network, openNetwork } from "./framework/network.ts";
import { openRunDirectory, type RunDirectory } from "./framework/run-directory.ts";

const address = "10.1.0.1";
const subnet = "10.1.0.0/24";
const mac = "52:54:00:00:04:01";

let image: Image;
let network: Network;
beforeAll(async () => {
  image = await operatingSystem();
  network = openNetwork();
  network.plugIn(`${address}/24`);
  network.addHost("foreign", "10.1.0.2/24");
});
afterAll(() => network[Symbol.dispose]());

const full = { mode: "full", subnets: [{ subnet, pool: ["10.1.0.100", "10.1.0.150"] }] };
const proxy = { mode: "proxy" };

async function startServer(dhcp: object, reports: Report[]): Promise<AsyncDisposable> {
  const { signal } = new AbortController();
  const config = pxeConfig.parse({
    segments: [{ interface: "eth0", address, dhcp }],
    rules: [
      {
        name: "lab",
        boot: {
          kernel: image.kernel,
          initrd: [image.initramfs],
          args: ["console=ttyS0", "printk.devkmsg=on", "panic=1"],
        },
      },
    ],
  });
  const loaders = await readLoaders({
    manifest: join(project, "assets/ipxe/manifest.json"),
    files: loaderFiles(["snponly"]),
  });
  const onReport = (report: Report) => reports.push(report);
  const booter = await openStaticBooter({ rules: config.rules, folder: project, onReport });
  return openPxeServer({
    config,
    booter,
    loaders,
    clock: systemClock,
    newId: () => randomBytes(4).toString("hex"),
    neighbour: macOfNeighbour,
    onReport: () => {},
    onWarning: () => {},
    signal,
  });
}

/** Another's DHCP server, which knows nothing of booting. */
function startForeignDhcp(directory: RunDirectory): Child {
  const options = [
    "--no-daemon",
    "--port=0",
    "--interface=eth0",
    "--bind-interfaces",
    "--no-ping",
    "--user=root",
  ];
  const files = [`--dhcp-leasefile=${directory.file("foreign.leases")}`, "--conf-file=/dev/null"];
  const range = "--dhcp-range=10.1.0.160,10.1.0.200,255.255.255.0,1h";
  const command = ["netns", "exec", "foreign", "dnsmasq", ...options, ...files, range];
  return new Child("dnsmasq", "ip", command, directory.file("foreign.log"));
}

describe.each(["bios", "uefi"] as const)("%s firmware", (firmware) => {
  test.each([
    ["from a full DHCP server", full],
    ["from a proxy beside dnsmasq", proxy],
  ])("boots a kernel %s", async (name, dhcp) => {
    const directory = openRunDirectory(project, `network boot ${firmware} ${name}`);
    const reports: Report[] = [];
    await using around = new AsyncDisposableStack();
    around.use(await startServer(dhcp, reports));
    if (dhcp === proxy) around.use(startForeignDhcp(directory));
    await using machine = new Machine(
      { name: `pxe-${firmware}`, firmware, nics: [{ model: "virtio-net-pci", mac }] },
      network,
      directory,
    );
    await machine.powerOn({ order: ["network"] });
    await machine.console.waitFor(/Linux version/, { within: "firmware" });
    // A kernel that finds no initramfs says its version too: what counts is PID 1.
    await machine.console.waitFor(/ingot: boot sequence done/, { within: "operatingSystem" });

    const steps = reports.map(({ progress }) => progress);
    expect(new Set(reports.map((report) => report.mac))).toEqual(new Set([mac]));
    expect(steps).toContainEqual({ step: "scripted", plan: "kernel", why: "rule lab" });
    const downloads = steps.filter(({ step }) => step === "downloaded");
    expect(downloads.filter((step) => "over" in step && step.over === "http")).toHaveLength(2);
    // A machine whose firmware is iPXE never loads another.
    const loaders = downloads.filter((step) => "over" in step && step.over === "tftp");
    expect(loaders.some((step) => "file" in step && step.file === "snponly.efi")).toBe(firmware === "uefi");
  });
});
