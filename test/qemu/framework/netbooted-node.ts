// A machine with an empty disk, at a site that has it installed: its config and its image wait for it.
import { systemClock } from "../../../cosi/system-clock.ts";
import { generateConfigs } from "../../../machine-config/generate/configs.ts";
import { createSecrets } from "../../../machine-config/generate/secrets.ts";
import { openBootSite, siteAddress } from "./boot-site.ts";
import { startFileServer } from "./file-server.ts";
import type { ImageShelf } from "./image-shelf.ts";
import { Machine } from "./machine.ts";
import { connectTo } from "./node-client.ts";
import { NodeUnderTest } from "./node-under-test.ts";
import { type PreparedNode, preparedAddress, preparedNetwork } from "./prepared-node.ts";
import type { RunDirectory } from "./run-directory.ts";
import { startTimeServer } from "./time-server.ts";

export interface NetbootedNodeOptions {
  readonly firmware: "bios" | "uefi";
  /** Its image `works` is installed. */
  readonly shelf: ImageShelf;
  readonly directory: RunDirectory;
}

/** It is off. */
export async function openNetbootedNode(options: NetbootedNodeOptions): Promise<PreparedNode> {
  const { firmware, shelf, directory } = options;
  await using around = new AsyncDisposableStack();
  const secrets = await createSecrets({ clock: systemClock });
  const endpoint = `https://${preparedAddress}:6443`;
  const plan = { clusterName: "lab", endpoint, secrets, clock: systemClock, installDisk: "/dev/nvme0n1" };
  const { controlPlane } = await generateConfigs(plan);
  const { text } = controlPlane;
  const files = around.use(
    await startFileServer((path) => (path === "/config" ? { text } : shelf.serve(path))),
  );
  const kernelArguments = [
    ...[`talos.config=${files.url}config`, `ingot.image=${files.url}works`, preparedNetwork],
  ];
  const site = around.use(await openBootSite("full", { directory, image: shelf.image, kernelArguments }));
  around.use(await startTimeServer(siteAddress));
  const machine = around.use(
    new Machine(
      {
        ...{ name: "node", firmware, memoryMegabytes: 1024, watchdog: true },
        disks: [{ bus: "nvme", megabytes: 3072 }],
        nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:08:01" }],
      },
      site.network,
      directory,
    ),
  );
  const node = new NodeUnderTest(machine, (role) => connectTo(`${preparedAddress}:50000`, secrets, role));
  const owned = around.move();
  return { machine, node, images: files.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
