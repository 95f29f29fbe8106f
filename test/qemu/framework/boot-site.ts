// A place where machines boot from our pxe-server: a network of its own, and whoever else answers DHCP there.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Image } from "../../../os/image/build.ts";
import type { Booter, BootPlan, Report } from "../../../pxe-server/booter.ts";
import { pxeConfig } from "../../../pxe-server/config.ts";
import { loaderFiles } from "../../../pxe-server/firmware.ts";
import { readLoaders } from "../../../pxe-server/loaders.ts";
import { macOfNeighbour } from "../../../pxe-server/neighbours.ts";
import { openPxeServer } from "../../../pxe-server/serve.ts";
import { openStaticBooter } from "../../../pxe-server/static-booter.ts";
import { systemClock } from "../../../pxe-server/system-clock.ts";
import { startDnsmasq, startKea, startRelay } from "./foreign-dhcp.ts";
import { guestArguments } from "./guest-arguments.ts";
import { project } from "./image.ts";
import { type Network, openNetwork } from "./network.ts";
import type { RunDirectory } from "./run-directory.ts";

export const siteAddress = "10.1.0.1";
const ours = { address: siteAddress, subnet: "10.1.0.0/24", pool: ["10.1.0.100", "10.1.0.150"] } as const;
const foreign = { host: "foreign", address: "10.1.0.2", pool: ["10.1.0.160", "10.1.0.200"] } as const;
const behindRelay = {
  subnet: "10.2.0.0/24",
  pool: ["10.2.0.100", "10.2.0.150"],
  router: "10.2.0.1",
} as const;
const relay = { host: "relay", server: ours.address, near: "10.1.0.5", far: behindRelay.router } as const;

const full = { mode: "full", subnets: [{ subnet: ours.subnet, pool: ours.pool }] };
const proxy = { mode: "proxy" };

interface Kind {
  readonly dhcp: object;
  /** Port 4011 knows PXE alone: HTTP Boot firmware never asks there. */
  readonly onlyPxe?: true;
  /** Adds what is on the network besides us; returns where machines are plugged in. */
  readonly furnish: (around: AsyncDisposableStack, network: Network, directory: RunDirectory) => Network;
}

const kinds = {
  full: { dhcp: full, furnish: (_, network) => network },
  "proxy beside dnsmasq": {
    dhcp: proxy,
    furnish: (around, network, directory) => {
      network.addHost(foreign.host, `${foreign.address}/24`);
      around.use(startDnsmasq({ ...foreign, directory }));
      return network;
    },
  },
  "proxy beside Kea": {
    dhcp: proxy,
    furnish: (around, network, directory) => {
      network.addHost(foreign.host, `${foreign.address}/24`);
      around.use(startKea({ ...foreign, subnet: ours.subnet, directory }));
      return network;
    },
  },
  "4011 alone beside dnsmasq": {
    dhcp: { mode: "bootserver" },
    onlyPxe: true,
    furnish: (around, network, directory) => {
      // All that the DHCP server must be told: a vendor class, and firmware asks the same address on port 4011.
      around.use(startDnsmasq({ pool: foreign.pool, directory, more: ["--dhcp-option-force=60,PXEClient"] }));
      return network;
    },
  },
  "full through a relay": {
    dhcp: {
      mode: "full",
      subnets: [{ subnet: behindRelay.subnet, pool: behindRelay.pool, routers: [behindRelay.router] }],
    },
    furnish: (around, network, directory) => {
      const machines = around.use(openNetwork());
      machines.addHost(relay.host, `${relay.far}/24`);
      network.connect(relay.host, "eth1", `${relay.near}/24`);
      network.addRoute(behindRelay.subnet, relay.near);
      around.use(startRelay({ ...relay, directory }));
      return machines;
    },
  },
} as const satisfies Record<string, Kind>;

export type SiteName = keyof typeof kinds;
/** Where firmware can boot that speaks PXE, or HTTP Boot alone. */
export const siteNamesFor = (speaks: "PXE" | "HTTP Boot"): readonly SiteName[] =>
  (Object.keys(kinds) as SiteName[]).filter((name) => {
    const { onlyPxe }: Kind = kinds[name];
    return speaks === "PXE" || !onlyPxe;
  });

export interface BootSite extends AsyncDisposable {
  /** Where machines are plugged in. */
  readonly network: Network;
  /** What the pxe-server told of them. */
  readonly reports: readonly Report[];
}

export interface BootSiteOptions {
  readonly directory: RunDirectory;
  readonly image: Image;
  /** More kernel arguments than every boot in the lab has. */
  readonly kernelArguments?: readonly string[];
  readonly loader?: "snponly" | "ipxe" | undefined;
  /** iPXE is sent on to this loader of ours once, before it is told its kernel. */
  readonly chainOnce?: string | undefined;
}

export async function openBootSite(
  name: SiteName,
  { directory, image, kernelArguments = [], loader, chainOnce }: BootSiteOptions,
): Promise<BootSite> {
  const { dhcp, furnish }: Kind = kinds[name];
  await using around = new AsyncDisposableStack();
  const near = around.use(openNetwork());
  near.plugIn(`${ours.address}/24`);
  const network = furnish(around, near, directory);

  const reports: Report[] = [];
  const boot = {
    kernel: image.kernel,
    initrd: [image.initramfs],
    args: [...guestArguments, "printk.devkmsg=on", "panic=1", ...kernelArguments],
  };
  const config = pxeConfig.parse({
    segments: [{ interface: "eth0", address: ours.address, dhcp }],
    rules: [{ name: "lab", loader, boot }],
  });
  const onReport = (report: Report) => reports.push(report);
  const booter = await openStaticBooter({ rules: config.rules, folder: project, onReport });
  const loaders = await readLoaders({
    manifest: join(project, "assets/ipxe/manifest.json"),
    files: loaderFiles(["snponly", ...(loader ? [loader] : [])]),
  });
  around.use(
    await openPxeServer({
      config,
      booter: chainOnce ? chainingOnce(booter, `tftp://${ours.address}/${chainOnce}`, reports) : booter,
      loaders,
      clock: systemClock,
      newId: () => randomBytes(4).toString("hex"),
      neighbour: macOfNeighbour,
      onReport: () => {},
      onWarning: () => {},
      signal: new AbortController().signal,
    }),
  );
  const owned = around.move();
  return { network, reports, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** No ROM of QEMU's needs a loader, for each is iPXE: so it is told to load ours, as an operator's own script would. */
function chainingOnce(booter: Booter, url: string, reports: readonly Report[]): Booter {
  const why = "our loader first";
  const chained = () => reports.some(({ progress }) => progress.step === "scripted" && progress.why === why);
  return {
    ...booter,
    plan: async (client, signal): Promise<BootPlan> =>
      chained() ? booter.plan(client, signal) : { do: "chain", why, url },
  };
}
