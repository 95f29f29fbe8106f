// The pxe-server in the provisioner's process: it asks as one elsewhere would, by the one proto.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import project from "../package.json" with { type: "json" };
import type { Authority, Identity } from "../pki/authority.ts";
import { type PxeConfig, parseConfig, pxeConfig } from "../pxe-server/config.ts";
import { openConfigured } from "../pxe-server/open.ts";
import { openRemoteBooter } from "../pxe-server/remote-booter.ts";
import { stepSentence } from "../pxe-server/steps.ts";
import { systemClock } from "../pxe-server/system-clock.ts";
import type { DhcpWish } from "./cli/serve-command.ts";
import type { Nearby } from "./listening.ts";

export interface EmbeddedPxeServerOptions {
  readonly config: PxeConfig;
  /** Where paths in it begin. */
  readonly configFolder: string;
  /** The folder with the iPXE binaries; none for the project's own. */
  readonly loaders: string | undefined;
  readonly folder: string;
  /** Where its packets are written, for bug reports. */
  readonly capture: string | undefined;
  /** Of the provisioner, for pxe-servers. */
  readonly address: string;
  readonly authority: Authority;
  readonly identity: Identity;
  /** Each step of each boot. */
  readonly print: (text: string) => void;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

const manifest = join(import.meta.dirname, "../assets/ipxe/manifest.json");

export async function openEmbeddedPxeServer(options: EmbeddedPxeServerOptions): Promise<AsyncDisposable> {
  const { config, folder, address, authority, identity, print, log, signal } = options;
  await using opened = new AsyncDisposableStack();
  const booter = opened.use(
    await openRemoteBooter({
      address,
      tls: {
        authorities: authority.certificate.pem,
        identity: { certificate: identity.certificate.pem, key: identity.key.pkcs8Pem },
      },
      folder: join(folder, "pxe"),
      maxDiskBytes: config.cache.diskMegabytes * 1e6,
      maxMemoryBytes: config.cache.memoryMegabytes * 1e6,
      version: project.version,
      interfaces: config.segments,
      clock: systemClock,
      onWarning: log,
    }),
  );
  opened.use(
    await openConfigured({
      config: { ...config, leases: config.leases ?? join(folder, "leases") },
      folder: options.configFolder,
      booter,
      loaders: { manifest, folder: options.loaders, kinds: ["snponly", "ipxe"] },
      capture: options.capture,
      onReport: (report) => print(stepSentence(report)),
      onWarning: log,
      signal,
    }),
  );
  const { http, tftp } = config;
  for (const { interface: device, address: ours, dhcp } of config.segments) {
    const ports = `TFTP ${tftp.port}, HTTP ${http.port}`;
    log(
      `network boot on ${device}, ${ours}: ${dhcp.mode === "off" ? "no DHCP" : `DHCP 67 and 4011 (${dhcp.mode})`}, ${ports}`,
    );
  }
  return opened.move();
}

/** The pxe-server's part of `serve`: from a file, or made of the networks that were named. */
export async function embeddedConfig(
  file: string | undefined,
  served: readonly Nearby[],
  dhcp: DhcpWish,
): Promise<PxeConfig | undefined> {
  if (file === undefined) {
    if (served.length === 0) return undefined;
    const segments = served.map((one) => segmentOf(one, dhcp));
    return pxeConfig.parse({ segments });
  }
  const config = parseConfig(await readFile(file, "utf8"), file);
  if (config.rules.length > 0) {
    throw new Error(`Cannot use ${file}: it has rules, and here the provisioner decides what machines boot`);
  }
  return config;
}

function segmentOf({ interface: device, address, cidr }: Nearby, dhcp: DhcpWish) {
  const subnets = dhcp.mode === "full" ? { subnets: [{ subnet: cidr, pool: dhcp.pool }] } : {};
  return { interface: device, address, dhcp: { mode: dhcp.mode, ...subnets } };
}
