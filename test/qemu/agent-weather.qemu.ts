// What goes wrong around a machine, and the sentence on its console that tells a technician.
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PracticeProvisioner } from "../../os/agent/practice-provisioner.ts";
import type { Image } from "../../os/image/build.ts";
import { type AgentSite, openAgentSite, siteAddress } from "./framework/agent-site.ts";
import type { MachineDescription } from "./framework/description.ts";
import { startDnsmasq } from "./framework/foreign-dhcp.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { openRunDirectory, type RunDirectory } from "./framework/run-directory.ts";

const mac = "52:54:00:00:06:02";

let image: Image;
let site: AgentSite;

beforeAll(async () => {
  image = await operatingSystem();
  site = await openAgentSite(image);
});
afterAll(() => site[Symbol.dispose]());

interface Weather {
  /** Kernel arguments that are other ones. */
  readonly told?: Readonly<Record<string, string>>;
  readonly machine?: Partial<MachineDescription>;
  /** What there is beside it, before the machine is switched on. */
  readonly around?: (directory: RunDirectory) => AsyncDisposable;
  /** What happens as soon as it is on. */
  readonly meanwhile?: (machine: Machine) => Promise<void>;
  readonly initramfs?: (directory: RunDirectory) => string;
  readonly says: RegExp;
  /** It finds its provisioner all the same. */
  readonly attaches?: true;
}

/** What a download leaves that broke off. */
function halfAnInitramfs(directory: RunDirectory): string {
  const file = directory.file("half-an-initramfs");
  const whole = readFileSync(image.initramfs);
  writeFileSync(file, whole.subarray(0, whole.length / 2));
  return file;
}

describe("bad weather, on the console of the machine", () => {
  test.each<[string, Weather]>([
    [
      "another authority",
      {
        told: { "ingot.ca": `sha256:${"0".repeat(64)}` },
        says: /not the provisioner that this machine was told to trust/,
      },
    ],
    [
      "an expired token",
      {
        told: { "ingot.token": "old" },
        says: /does not let this machine in: .*restart the machine from the network/,
      },
    ],
    [
      "no provisioner",
      {
        told: { "ingot.provisioner": `${siteAddress}:9` },
        says: /Cannot reach the provisioner 10\.1\.0\.1:9: .* nothing listens/,
      },
    ],
    [
      "a word that is no fingerprint",
      { told: { "ingot.ca": "x" }, says: /This machine cannot obey a provisioner: ingot\.ca is not sha256/ },
    ],
    [
      "a clock in 1970",
      {
        machine: { clock: "1970-01-01T00:00:10" },
        says: /clock of this machine said 1970-01-01T.*; it now says 20/,
        attaches: true,
      },
    ],
    [
      "no cable",
      {
        meanwhile: (machine) => machine.plug(0, false),
        says: /waiting for a cable: no port has a link \(eth0\)/,
      },
    ],
    [
      "two DHCP servers",
      {
        around: (directory) => {
          site.network.addHost("rival", "10.1.0.2/24");
          return startDnsmasq({ host: "rival", pool: ["10.1.0.200", "10.1.0.220"], directory });
        },
        says: /two DHCP servers are on this network: 10\.1\.0\.[12] offers 10\.1\.0\.\d+ beside 10\.1\.0\.[12]/,
        attaches: true,
      },
    ],
    [
      "a disk that hangs",
      {
        machine: { disks: [{ bus: "virtio", megabytes: 64, readBytesPerSecond: 1 }] },
        says: /Cannot tell all of this machine: \/dev\/vda: it does not answer within 20 s/,
        attaches: true,
      },
    ],
    [
      "a disk that cannot be read",
      {
        machine: { disks: [{ bus: "virtio", megabytes: 64, faults: [{ on: "read" }] }] },
        says: /Cannot tell all of this machine: what is on \/dev\/vda: .*EIO/,
        attaches: true,
      },
    ],
    [
      "a download that broke off",
      {
        initramfs: halfAnInitramfs,
        says: /stage 1 cannot .*: the initramfs is damaged, or was not downloaded whole/,
      },
    ],
  ])("%s", async (name, weather) => {
    await using around = new AsyncDisposableStack();
    const directory = openRunDirectory(project, `agent weather ${name}`);
    const provisioner: PracticeProvisioner = around.use(await site.practice());
    const args = site.argumentsFor(provisioner.port, weather.told);
    around.use(await site.startPxe(args));
    if (weather.around) around.use(weather.around(directory));
    const machine = around.use(
      new Machine(
        { name: "weather", firmware: "bios", nics: [{ model: "virtio-net-pci", mac }], ...weather.machine },
        site.network,
        directory,
      ),
    );
    const { kernel, initramfs } = image;
    await machine.powerOn({
      kernel,
      initramfs: weather.initramfs?.(directory) ?? initramfs,
      arguments: args.join(" "),
    });
    await weather.meanwhile?.(machine);
    await machine.console.waitFor(weather.says, { within: "operatingSystem" });
    if (weather.attaches) expect(await provisioner.attached()).toBeDefined();
  });
});
