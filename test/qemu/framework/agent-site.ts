// A network with our DHCP, TFTP and HTTP on it, whose machines boot our image in agent mode, and a provisioner of the
// test's for them to obey.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { PracticeProvisioner, practiceAuthority } from "../../../os/agent/practice-provisioner.ts";
import type { Image } from "../../../os/image/build.ts";
import { pxeConfig } from "../../../pxe-server/config.ts";
import { loaderFiles } from "../../../pxe-server/firmware.ts";
import { readLoaders } from "../../../pxe-server/loaders.ts";
import { macOfNeighbour } from "../../../pxe-server/neighbours.ts";
import { openPxeServer } from "../../../pxe-server/serve.ts";
import { openStaticBooter } from "../../../pxe-server/static-booter.ts";
import { systemClock } from "../../../pxe-server/system-clock.ts";
import { guestArguments } from "./guest-arguments.ts";
import { project } from "./image.ts";
import { type Network, openNetwork } from "./network.ts";

export const siteAddress = "10.1.0.1";
const token = "practice-token";
const now = () => new Date();

export interface AgentSite extends Disposable {
  readonly network: Network;
  /** On a port of its own, or again on the port of one that is gone. */
  practice(port?: number): Promise<PracticeProvisioner>;
  /** What the kernel is told, so that the agent finds the provisioner on that port. */
  argumentsFor(port: number, changes?: Readonly<Record<string, string>>): string[];
  /** DHCP, TFTP and HTTP for the machines; they boot our image with these arguments. */
  startPxe(args: readonly string[]): Promise<AsyncDisposable>;
}

export async function openAgentSite(image: Image): Promise<AgentSite> {
  const network = openNetwork();
  network.plugIn(`${siteAddress}/24`);
  const authority = await practiceAuthority(now);
  return {
    network,
    practice: (port = 0) =>
      PracticeProvisioner.open({
        authority,
        address: `${siteAddress}:${port}`,
        host: siteAddress,
        token,
        now,
      }),
    argumentsFor: (port, changes = {}) => [
      ...image.kernelArguments,
      ...guestArguments,
      "panic=1",
      ...Object.entries({
        "ingot.provisioner": `${siteAddress}:${port}`,
        "ingot.ca": `sha256:${authority.certificate.fingerprint}`,
        "ingot.token": token,
        "ingot.boot": "b00t",
        ...changes,
      }).map(([name, value]) => `${name}=${value}`),
    ],
    startPxe: (args) => startPxe(image, args),
    [Symbol.dispose]: () => network[Symbol.dispose](),
  };
}

async function startPxe(image: Image, args: readonly string[]): Promise<AsyncDisposable> {
  const { signal } = new AbortController();
  const subnets = [{ subnet: "10.1.0.0/24", pool: ["10.1.0.100", "10.1.0.150"] }];
  const config = pxeConfig.parse({
    segments: [{ interface: "eth0", address: siteAddress, dhcp: { mode: "full", subnets } }],
    rules: [{ name: "agent", boot: { kernel: image.kernel, initrd: [image.initramfs], args: [...args] } }],
  });
  const loaders = await readLoaders({
    manifest: join(project, "assets/ipxe/manifest.json"),
    files: loaderFiles(["snponly"]),
  });
  const booter = await openStaticBooter({ rules: config.rules, folder: project, onReport: () => {} });
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
