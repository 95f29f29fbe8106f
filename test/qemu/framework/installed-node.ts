// A machine that is installed on its own disk, with its operator's certificates. Kernel and config come without firmware
// and DHCP here: other suites show those.
import { writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Channel } from "../../../api/grpc/channel.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { clientConfigText } from "../../../machine-config/client-config.ts";
import { generateClientConfig, generateConfigs } from "../../../machine-config/generate/configs.ts";
import { createSecrets, type SecretsBundle } from "../../../machine-config/generate/secrets.ts";
import { parsePatch } from "../../../machine-config/patch/patch.ts";
import type { Image } from "../../../os/image/build.ts";
import type { Role } from "../../../pki/roles.ts";
import { siteAddress } from "./boot-site.ts";
import { startFileServer } from "./file-server.ts";
import { guestArguments } from "./guest-arguments.ts";
import { Machine } from "./machine.ts";
import { openNetwork } from "./network.ts";
import { connectTo } from "./node-client.ts";
import type { RunDirectory } from "./run-directory.ts";
import { startTimeServer } from "./time-server.ts";

const clusterName = "lab";
const nodeAddress = "10.1.0.2";

export interface InstalledNode extends AsyncDisposable {
  readonly machine: Machine;
  readonly address: string;
  readonly secrets: SecretsBundle;
  /** What it was installed with. */
  readonly config: string;
  /** Where the image is that it was installed from. */
  readonly imageUrl: string;
  /** A client with that role. */
  connect(role: Role): Promise<Channel>;
  /** A talosconfig with that role; answers its path. */
  talosconfig(role: Role): Promise<string>;
  /** From its own disk, until it has said that it is up. */
  boot(): Promise<void>;
}

export interface InstalledNodeOptions {
  readonly image: Image;
  readonly directory: RunDirectory;
  readonly firmware?: "bios" | "uefi";
}

/** Installs a machine, and boots it from its disk. */
export async function openInstalledNode(options: InstalledNodeOptions): Promise<InstalledNode> {
  const { image, directory, firmware = "bios" } = options;
  await using around = new AsyncDisposableStack();
  const network = around.use(openNetwork());
  network.plugIn(`${siteAddress}/24`);
  const secrets = await createSecrets({ clock: systemClock });
  const plan = { clusterName, endpoint: `https://${nodeAddress}:6443`, secrets, clock: systemClock };
  const patches = [parsePatch(`machine: {time: {servers: ["${siteAddress}"]}}`)];
  const configs = await generateConfigs({ ...plan, patches, installDisk: "/dev/nvme0n1" });
  const config = configs.controlPlane.text;
  around.use(await startTimeServer(siteAddress));
  const files = around.use(
    await startFileServer((path) => {
      if (path === "/config") return { text: config };
      const folder = dirname(image.manifest);
      return path.startsWith("/image/") ? { file: join(folder, basename(path)) } : undefined;
    }),
  );
  const imageUrl = `${files.url}image`;
  const machine = around.use(
    new Machine(
      {
        ...{ name: "node", firmware, memoryMegabytes: 1024, watchdog: true },
        disks: [
          { bus: "nvme", megabytes: 3072 },
          { bus: "virtio", megabytes: 64 },
        ],
        nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:08:02" }],
      },
      network,
      directory,
    ),
  );
  const words = [
    ...image.kernelArguments,
    ...[...guestArguments, "panic=1", `ip=${nodeAddress}::${siteAddress}:255.255.255.0:node-1:eth0:off`],
    ...[`talos.config=${files.url}config`, `ingot.image=${imageUrl}`],
  ];
  const { kernel, initramfs } = image;
  await machine.powerOn({ kernel, initramfs, arguments: words.join(" ") });
  await machine.console.waitFor(/ingot: install: done/, { within: "operatingSystem" });
  await machine.waitForPowerOff();

  const node = {
    ...{ machine, address: nodeAddress, secrets, config, imageUrl },
    connect: (role: Role) => connectTo(`${nodeAddress}:50000`, secrets, role),
    async talosconfig(role: Role) {
      const endpoints = [nodeAddress];
      const client = await generateClientConfig({ ...plan, endpoints, roles: [role] });
      const path = directory.file(`talosconfig.${role.replace(":", "-")}`);
      writeFileSync(path, clientConfigText(client), { mode: 0o600 });
      return path;
    },
    async boot() {
      const after = (await machine.console.text()).length;
      await machine.powerOn({ order: ["disk"] });
      await machine.console.waitFor(/ingot: boot sequence done/, { within: "operatingSystem", after });
    },
  };
  await node.boot();
  const owned = around.move();
  return { ...node, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
