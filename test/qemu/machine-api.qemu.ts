// A machine without a config, given one over its API, and operated by it from then on.
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApplyConfigurationRequest_Mode as Mode } from "../../api/gen/machine/configuration_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { StorageService } from "../../api/gen/storage/storage_pb.js";
import { type Channel, openChannel } from "../../api/grpc/channel.ts";
import { client } from "../../api/grpc/client.ts";
import { UnverifiedTlsCredentials } from "../../api/grpc/unverified-tls.ts";
import { RemoteState } from "../../cosi/grpc/remote-state.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { generateConfigs } from "../../machine-config/generate/configs.ts";
import { createSecrets } from "../../machine-config/generate/secrets.ts";
import type { Image } from "../../os/image/build.ts";
import { MachineConfig } from "../../os/resources/config/machine-config.ts";
import { MachineStatus } from "../../os/resources/runtime/node.ts";
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
  network.plugIn("10.5.0.1/24");
});
afterAll(() => network[Symbol.dispose]());

const address = "10.5.0.2:50000";
const bootArguments = `${guestArguments.join(" ")} printk.devkmsg=on panic=1 ip=10.5.0.2::10.5.0.1:255.255.255.0:node-1:eth0:off`;

test("a machine is given its config over the API, and restarts when it is told to", async () => {
  const secrets = await createSecrets({ clock: systemClock });
  const { controlPlane } = await generateConfigs({
    ...{ clusterName: "lab", endpoint: "https://10.5.0.2:6443", secrets, clock: systemClock },
    installDisk: "/dev/vda",
  });
  await using machine = new Machine(
    {
      name: "api",
      firmware: "bios",
      disks: [{ bus: "virtio", megabytes: 64 }],
      nics: [{ model: "virtio-net-pci", mac: "52:54:00:05:00:02" }],
    },
    network,
    openRunDirectory(project, "machine API"),
  );
  await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: bootArguments });
  await machine.console.waitFor(/machine API: port 50000, open to anyone/, { within: "operatingSystem" });
  const said = await machine.console.text();
  const fingerprint = /fingerprint of the maintenance certificate: (\S+)/.exec(said)![1]!;

  {
    using anyone = openChannel({ address, credentials: new UnverifiedTlsCredentials([fingerprint]) });
    const { messages } = await client(StorageService, anyone, { deadlineMs: 60_000 }).disks({});
    expect(messages[0]?.disks).toMatchObject([{ deviceName: "/dev/vda", size: 64n * 1024n * 1024n }]);
    const calls = client(MachineService, anyone, { deadlineMs: 60_000 });
    await expect(
      calls.read({ path: "/proc/1/environ" }, { deadlineMs: 60_000 }).next(),
    ).rejects.toMatchObject({
      details: "not authorized",
    });
    const applied = await calls.applyConfiguration({
      data: Buffer.from(controlPlane.text),
      mode: Mode.AUTO,
    });
    expect(applied.messages).toMatchObject([{ modeDetails: "Applied configuration without a reboot" }]);
  }
  await machine.console.waitFor(/machine API: port 50000, mutual TLS/, { within: "operatingSystem" });

  using admin = await connectTo(address, secrets, "os:admin");
  using reader = await connectTo(address, secrets, "os:reader");
  const calls = client(MachineService, admin, { deadlineMs: 60_000 });
  const { messages: versions } = await calls.version({});
  expect(versions).toMatchObject([{ version: { os: "linux" }, features: { rbac: true } }]);
  expect((await calls.hostname({})).messages).toMatchObject([{ hostname: "node-1" }]);
  const { messages: lists } = await calls.serviceList({});
  const states = new Map(lists[0]?.services.map(({ id, state }) => [id, state]));
  expect([states.get("apid"), states.get("machined")]).toEqual(["Running", "Running"]);
  expect([...states.keys()]).toContain("trustd");

  const dmesg = await firstOf(calls.dmesg({}, { deadlineMs: 60_000 }));
  expect(Buffer.from(dmesg.bytes).toString()).toMatch(/^kern: +\w+: \[\d{4}-.*Z\]: Linux version/);
  const log = await firstOf(
    calls.logs({ namespace: "system", id: "machined", tailLines: -1 }, { deadlineMs: 60_000 }),
  );
  expect(Buffer.from(log.bytes).toString()).toMatch(/life: maintenance/);

  // All but the time comes to be right: there is no time server in this network.
  const missing = { stage: "running", status: { ready: false, unmetConditions: [noTime] } };
  await statusOf(reader, (status) => isDeepStrictEqual(status, missing));
  await expect(new RemoteState({ channel: reader }).list(MachineConfig)).rejects.toMatchObject({
    code: "permissionDenied",
  });
  await expect(client(MachineService, reader).reboot({})).rejects.toMatchObject({
    details: "not authorized",
  });

  const { messages: rebooting } = await calls.reboot({});
  expect(rebooting[0]?.actorId).toMatch(/^[\da-f-]{36}$/);
  expect(await machine.waitForPowerOff()).toBe("guest-reset");
});

const noTime = { name: "time", reason: "time is not synced" };

async function statusOf(channel: Channel, fits: (status: SpecOf<typeof MachineStatus>) => boolean) {
  const stop = new AbortController();
  const state = new RemoteState({ channel, deadlineMs: 60_000 });
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]);
  for await (const events of state.watch(MachineStatus, { id: "machine", signal }))
    for (const event of events)
      if (event.type !== "bootstrapped" && fits(event.resource.spec)) return stop.abort();
  throw new Error("Cannot see that status: it did not come");
}

async function firstOf<T>(stream: AsyncGenerator<T>): Promise<T> {
  for await (const it of stream) return it;
  throw new Error("Cannot tell the first: there is none");
}
