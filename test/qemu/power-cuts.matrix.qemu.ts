// A machine whose plug is pulled at random moments of its upgrades: it always comes up from one of its two systems, with
// its config and what it keeps in META. What a disk does with single writes is os/install/power-cuts.test.ts.
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { client } from "../../api/grpc/client.ts";
import { RemoteState } from "../../cosi/grpc/remote-state.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { generateConfigs } from "../../machine-config/generate/configs.ts";
import { createSecrets } from "../../machine-config/generate/secrets.ts";
import { randomOf } from "../../os/install/power-cuts.ts";
import { MetaKey } from "../../os/resources/runtime/platform.ts";
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
const cuts = 8;
const seed = 1;
/** From the order to the end of the trial, on a machine that is not in a hurry. */
const upgradeMs = 60_000;
let shelf: ImageShelf;
let network: Network;
beforeAll(async () => {
  shelf = await openImageShelf(openRunDirectory(project, "power cuts images").path);
  shelf.add("next", { kernelArguments: ["ingot.generation=2"] });
  network = openNetwork();
  network.plugIn(`${siteAddress}/24`);
});
afterAll(() => network[Symbol.dispose]());

test(`${cuts} power cuts in upgrades leave a machine that boots`, { timeout: 1_500_000 }, async () => {
  await using around = new AsyncDisposableStack();
  const directory = openRunDirectory(project, "power cuts");
  const files = around.use(await startFileServer((path) => shelf.serve(path)));
  around.use(await startTimeServer(siteAddress));
  const machine = around.use(
    new Machine(
      {
        ...{ name: "node", firmware: "bios", memoryMegabytes: 1024 },
        disks: [{ bus: "virtio", megabytes }],
        nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:0a:01" }],
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
    url: `${files.url}works`,
    kernelArguments: [
      ...["console=ttyS0", "panic=1"],
      `ip=${address}::${siteAddress}:255.255.255.0:node-1:eth0:off:::${siteAddress}`,
    ],
    scratch: directory.path,
  });
  const node = new NodeUnderTest(machine, `${address}:50000`, secrets);
  const boot = async () => {
    const since = await node.mark();
    await machine.powerOn({ order: ["disk"], restarts: "by itself" });
    await node.until(/ingot: the machine config is from STATE/, since);
    await node.until(/ingot: machine API: port 50000, mutual TLS/, since);
    await node.until(/ingot: boot sequence done/, since);
    const slot = /ingot: the system is on \S+, slot ([ab])/.exec(
      (await machine.console.text()).slice(since),
    )?.[1];
    if (await node.isOnTrial()) await node.until(/ingot: slot [ab] has proved itself/, since);
    return slot;
  };

  const random = randomOf(seed);
  const found: (string | undefined)[] = [await boot()];
  await node.as("os:admin", (channel) =>
    client(MachineService, channel, { deadlineMs: 60_000 }).metaWrite({
      key: 0x0c,
      value: Buffer.from("mine"),
    }),
  );
  for (let cut = 0; cut < cuts; cut++) {
    await node.upgrade(`${files.url}${random() < 0.5 ? "next" : "works"}`);
    // The moment is the test: no sign of the machine's stands for any.
    await new Promise((resolve) => setTimeout(resolve, random() * upgradeMs));
    await machine.cutPower();
    found.push(await boot());
    const meta = await node.as("os:reader", (channel) =>
      new RemoteState({ channel, deadlineMs: 60_000 }).get(MetaKey, "0x0c"),
    );
    expect(meta.spec.value).toBe("mine");
  }
  writeFileSync(directory.file("slots"), `${cuts} power cuts, seed ${seed}: ${found.join(" ")}\n`);
  expect(found.every((slot) => slot === "a" || slot === "b")).toBe(true);
});
