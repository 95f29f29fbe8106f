// A machine that runs from memory, with a config that names no image it could be installed with: a client of its API installs it, as those of
// v1.13 and later do, and restarts it into what it has installed.
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApplyConfigurationRequest_Mode as Mode } from "../../api/gen/machine/configuration_pb.js";
import { LifecycleService } from "../../api/gen/machine/lifecycle_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { type Channel, openChannel } from "../../api/grpc/channel.ts";
import { client } from "../../api/grpc/client.ts";
import { UnverifiedTlsCredentials } from "../../api/grpc/unverified-tls.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { generateConfigs } from "../../machine-config/generate/configs.ts";
import { createSecrets } from "../../machine-config/generate/secrets.ts";
import { applyPatches, parsePatch } from "../../machine-config/patch/patch.ts";
import type { Image } from "../../os/image/build.ts";
import { siteAddress } from "./framework/boot-site.ts";
import { startFileServer } from "./framework/file-server.ts";
import { guestArguments } from "./framework/guest-arguments.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { type Network, openNetwork } from "./framework/network.ts";
import { connectTo } from "./framework/node-client.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

let image: Image;
let network: Network;
beforeAll(async () => {
  image = await operatingSystem();
  network = openNetwork();
  network.plugIn(`${siteAddress}/16`);
});
afterAll(() => network[Symbol.dispose]());

const machineAddress = siteAddress.replace(/\d+$/, "77");
const address = `${machineAddress}:50000`;
const bootArguments = `${guestArguments.join(" ")} printk.devkmsg=on panic=1 ip=${machineAddress}::${siteAddress}:255.255.0.0:node-1:eth0:off`;
const options = { deadlineMs: 180_000 };

const install = async (channel: Channel, imageName: string, disk: string) =>
  Array.fromAsync(
    client(LifecycleService, channel).install({ source: { imageName }, destination: { disk } }, options),
    ({ progress }) => progress?.response.value,
  );

test("a machine that runs from memory is installed by a client of its API", async () => {
  await using files = await startFileServer((path) => ({
    file: join(dirname(image.manifest), basename(path)),
  }));
  const secrets = await createSecrets({ clock: systemClock });
  const { controlPlane } = await generateConfigs({
    ...{ clusterName: "lab", endpoint: `https://${machineAddress}:6443`, secrets, clock: systemClock },
    installDisk: "/dev/vda",
  });
  const patched = (patch: string) => applyPatches(controlPlane, [parsePatch(patch)]).text;
  await using machine = new Machine(
    {
      ...{ name: "by-api", firmware: "bios", memoryMegabytes: 1024 },
      disks: [{ bus: "virtio", megabytes: 3072 }],
      nics: [{ model: "virtio-net-pci", mac: "52:54:00:05:00:77" }],
    },
    network,
    openRunDirectory(project, "install by API"),
  );
  const { console } = machine;
  await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: bootArguments });
  await console.waitFor(/machine API: port 50000, open to anyone/, { within: "operatingSystem" });
  const fingerprint = /fingerprint of the maintenance certificate: (\S+)/.exec(await console.text())![1]!;
  {
    using anyone = openChannel({ address, credentials: new UnverifiedTlsCredentials([fingerprint]) });
    await expect(install(anyone, files.url, "/dev/vda")).rejects.toMatchObject({ code: "permissionDenied" });
    const data = Buffer.from(controlPlane.text);
    await client(MachineService, anyone, options).applyConfiguration({ data, mode: Mode.AUTO });
  }
  await console.waitFor(/machine API: port 50000, mutual TLS/, { within: "operatingSystem" });
  await console.waitFor(/Running from memory/, { within: "operatingSystem" });
  await console.waitFor(/boot sequence done/, { within: "operatingSystem" });

  using admin = await connectTo(address, secrets, "os:admin");
  const calls = client(MachineService, admin, options);
  await expect(install(admin, files.url, "/dev/vdz")).rejects.toMatchObject({ code: "invalidArgument" });
  const said = await install(admin, files.url, "/dev/vda");
  expect(said).toContain("writing the partition table");
  expect(said).toContain("100 % of the image is written");
  expect(said.at(-1)).toBe(0);
  await expect(install(admin, files.url, "/dev/vda")).rejects.toMatchObject({ code: "alreadyExists" });
  // What is applied from here on is kept on the disk, though the machine was not booted from it.
  const later = "machine: {install: {$patch: delete}, sysctls: {vm.swappiness: '7'}}";
  await calls.applyConfiguration({ data: Buffer.from(patched(later)), mode: Mode.AUTO });
  await calls.reboot({});
  expect(await machine.waitForPowerOff()).toBe("guest-reset");

  const after = (await console.text()).length;
  await machine.powerOn({ order: ["disk"] });
  for (const line of [
    /ingot: the system is on \/dev\/vda, slot a/,
    /ingot: the machine config is from STATE/,
    /ingot: volume EPHEMERAL: /,
    /ingot: boot sequence done/,
  ])
    await console.waitFor(line, { within: "operatingSystem", after });
  await console.waitFor(/machine API: port 50000, mutual TLS/, { within: "operatingSystem", after });
  using again = await connectTo(address, secrets, "os:reader");
  const { messages } = await client(MachineService, again, options).version({});
  expect(messages[0]?.version?.tag).toMatch(/^v1\.13/);
  using asAdmin = await connectTo(address, secrets, "os:admin");
  const swappiness = client(MachineService, asAdmin).read({ path: "/proc/sys/vm/swappiness" }, options);
  const [content] = await Array.fromAsync(swappiness, ({ bytes }) => Buffer.from(bytes).toString().trim());
  expect(content).toBe("7");
});
