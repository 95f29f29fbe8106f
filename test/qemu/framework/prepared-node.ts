// A machine whose disk was filled by the installer before it was first turned on: for who wants to see what comes after.
import { systemClock } from "../../../cosi/system-clock.ts";
import { generateConfigs } from "../../../machine-config/generate/configs.ts";
import { createSecrets } from "../../../machine-config/generate/secrets.ts";
import { siteAddress } from "./boot-site.ts";
import { startFileServer } from "./file-server.ts";
import { guestArguments } from "./guest-arguments.ts";
import type { ImageShelf } from "./image-shelf.ts";
import { Machine } from "./machine.ts";
import { openNetwork } from "./network.ts";
import { connectTo } from "./node-client.ts";
import { installOnFile } from "./node-disk.ts";
import { NodeUnderTest } from "./node-under-test.ts";
import type { RunDirectory } from "./run-directory.ts";
import { startTimeServer } from "./time-server.ts";

export const preparedAddress = "10.1.0.77";
const megabytes = 3072;
/** With the time of the site: without it no system calls itself ready. */
export const preparedNetwork = `ip=${preparedAddress}::${siteAddress}:255.255.255.0:node-1:eth0:off:::${siteAddress}`;

export interface PreparedNode extends AsyncDisposable {
  readonly machine: Machine;
  readonly node: NodeUnderTest;
  /** Where the shelf's images are, for the machine: a name goes behind it. */
  readonly images: string;
}

export interface PreparedNodeOptions {
  readonly firmware: "bios" | "uefi";
  /** Its image `works` is on the disk. */
  readonly shelf: ImageShelf;
  readonly directory: RunDirectory;
}

/** It is off. */
export async function openPreparedNode({
  firmware,
  shelf,
  directory,
}: PreparedNodeOptions): Promise<PreparedNode> {
  await using around = new AsyncDisposableStack();
  const network = around.use(openNetwork());
  network.plugIn(`${siteAddress}/24`);
  around.use(await startTimeServer(siteAddress));
  const files = around.use(await startFileServer((path) => shelf.serve(path)));
  const machine = around.use(
    new Machine(
      {
        ...{ name: "node", firmware, memoryMegabytes: 1024, watchdog: true },
        disks: [{ bus: "virtio", megabytes }],
        nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:09:01" }],
      },
      network,
      directory,
    ),
  );
  const secrets = await createSecrets({ clock: systemClock });
  const endpoint = `https://${preparedAddress}:6443`;
  const plan = { clusterName: "lab", endpoint, secrets, clock: systemClock, installDisk: "/dev/vda" };
  const { controlPlane } = await generateConfigs(plan);
  await installOnFile({
    ...{ file: machine.diskFiles[0]!, megabytes, image: shelf.image, config: controlPlane.text },
    // From here to here: machines reach it by another address.
    url: `${files.url.replace(siteAddress, "127.0.0.1")}works`,
    kernelArguments: [...guestArguments, "panic=1", preparedNetwork],
    scratch: directory.path,
  });
  const node = new NodeUnderTest(machine, (role) => connectTo(`${preparedAddress}:50000`, secrets, role));
  const owned = around.move();
  return { machine, node, images: files.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
