// The shortest of an upgrade: a machine with an installed system is given another one by a client of today.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ImageService } from "../../api/gen/machine/image_pb.js";
import { LifecycleService } from "../../api/gen/machine/lifecycle_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { client } from "../../api/grpc/client.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { generateConfigs } from "../../machine-config/generate/configs.ts";
import { createSecrets } from "../../machine-config/generate/secrets.ts";
import { siteAddress } from "./framework/boot-site.ts";
import { startFileServer } from "./framework/file-server.ts";
import { project } from "./framework/image.ts";
import { type ImageShelf, openImageShelf } from "./framework/image-shelf.ts";
import { Machine } from "./framework/machine.ts";
import { type Network, openNetwork } from "./framework/network.ts";
import { installOnFile } from "./framework/node-disk.ts";
import { NodeUnderTest } from "./framework/node-under-test.ts";
import { openRunDirectory } from "./framework/run-directory.ts";
import { startTimeServer } from "./framework/time-server.ts";

const address = "10.1.0.77";
const megabytes = 3072;
let shelf: ImageShelf;
let network: Network;
beforeAll(async () => {
  shelf = await openImageShelf(openRunDirectory(project, "upgrade once images").path);
  shelf.add("next", { kernelArguments: ["ingot.generation=2"] });
  network = openNetwork();
  network.plugIn(`${siteAddress}/24`);
});
afterAll(() => network[Symbol.dispose]());

test("a machine is upgraded as clients of today do it", async () => {
  await using around = new AsyncDisposableStack();
  const directory = openRunDirectory(project, "upgrade once");
  const files = around.use(await startFileServer((path) => shelf.serve(path)));
  around.use(await startTimeServer(siteAddress));
  const machine = around.use(
    new Machine(
      {
        ...{ name: "node", firmware: "bios", memoryMegabytes: 1024 },
        disks: [{ bus: "virtio", megabytes }],
        nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:09:01" }],
      },
      network,
      directory,
    ),
  );
  const secrets = await createSecrets({ clock: systemClock });
  const plan = { clusterName: "lab", endpoint: `https://${address}:6443`, secrets, clock: systemClock };
  const { controlPlane } = await generateConfigs({ ...plan, installDisk: "/dev/vda" });
  await installOnFile({
    ...{ file: machine.diskFiles[0]!, megabytes, image: shelf.image, config: controlPlane.text },
    // From here to here: machines reach it by another address.
    url: `${files.url.replace(siteAddress, "127.0.0.1")}works`,
    kernelArguments: [
      ...["console=ttyS0", "panic=1"],
      `ip=${address}::${siteAddress}:255.255.255.0:node-1:eth0:off:::${siteAddress}`,
    ],
    scratch: directory.path,
  });
  const node = new NodeUnderTest(machine, `${address}:50000`, secrets);
  await machine.powerOn({ order: ["disk"], restarts: "by itself" });
  await node.runsFrom("a", 0);

  const since = await node.mark();
  const said = await node.as("os:admin", async (channel) => {
    const imageName = `${files.url}next`;
    const options = { deadlineMs: 120_000 };
    const pulled = client(ImageService, channel).pull({ imageRef: imageName }, options);
    expect(await Array.fromAsync(pulled, ({ response }) => response.value)).toEqual([imageName]);
    const progress = client(LifecycleService, channel).upgrade({ source: { imageName } }, options);
    const answers = await Array.fromAsync(progress, ({ progress }) => progress?.response.value);
    await client(MachineService, channel, options).reboot({});
    return answers;
  });
  expect(said).toContain("100 % of the image is written");
  expect(said.at(-1)).toBe(0);
  await node.runsFrom("b", since);
  await node.until(/ingot: slot b has proved itself/, since);
  expect(await node.lastUpgrade()).toMatchObject({ phase: "done", slot: "b" });
});
