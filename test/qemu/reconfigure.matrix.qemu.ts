// A machine that runs, reconfigured over its API: every effect is read back through the API, without a restart.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApplyConfigurationRequest_Mode as Mode } from "../../api/gen/machine/configuration_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { openChannel } from "../../api/grpc/channel.ts";
import { client } from "../../api/grpc/client.ts";
import { ClientTlsCredentials } from "../../api/grpc/client-tls.ts";
import { UnverifiedTlsCredentials } from "../../api/grpc/unverified-tls.ts";
import { RemoteState } from "../../cosi/grpc/remote-state.ts";
import type { ResourceType, SpecOf } from "../../cosi/resource.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { generateConfigs } from "../../machine-config/generate/configs.ts";
import { createSecrets, machineAuthority } from "../../machine-config/generate/secrets.ts";
import { type MachineConfig, parseMachineConfig } from "../../machine-config/machine-config.ts";
import { applyPatches, parsePatch } from "../../machine-config/patch/patch.ts";
import type { Image } from "../../os/image/build.ts";
import { VolumeStatus } from "../../os/resources/block.ts";
import { AddressStatus } from "../../os/resources/network/address.ts";
import { LinkStatus } from "../../os/resources/network/link.ts";
import { HostnameStatus } from "../../os/resources/network/names.ts";
import { LoadedKernelModule } from "../../os/resources/runtime/kernel.ts";
import { KernelParamStatus } from "../../os/resources/runtime/kernel-param.ts";
import { MachineStatus } from "../../os/resources/runtime/node.ts";
import { TimeStatus } from "../../os/resources/time-status.ts";
import { guestArguments } from "./framework/guest-arguments.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { type Network, openNetwork } from "./framework/network.ts";
import { openRunDirectory } from "./framework/run-directory.ts";
import { startTimeServer } from "./framework/time-server.ts";

let image: Image;
let network: Network;
beforeAll(async () => {
  image = await operatingSystem();
  network = openNetwork();
  network.plugIn("10.6.0.1/24");
  network.addAddress("10.6.0.3/24");
});
afterAll(() => network[Symbol.dispose]());

const address = "10.6.0.2:50000";
const bootArguments = `${guestArguments.join(" ")} printk.devkmsg=on panic=1 ip=10.6.0.2::10.6.0.1:255.255.255.0:node-1:eth0:off`;
const patched = (config: MachineConfig, patch: string) => applyPatches(config, [parsePatch(patch)]);

/** All that can be changed at once. The second card has no other configuration. */
const changes = `
apiVersion: v1alpha1
kind: HostnameConfig
auto: off
hostname: node-2.lab
---
apiVersion: v1alpha1
kind: SysctlConfig
params: {vm.swappiness: "7"}
---
apiVersion: v1alpha1
kind: KernelModuleConfig
name: dummy
---
apiVersion: v1alpha1
kind: BondConfig
name: bond0
links: [eth1]
bondMode: active-backup
mtu: 1400
---
apiVersion: v1alpha1
kind: VLANConfig
name: storage
parent: bond0
vlanID: 9
addresses: [{address: 10.9.0.2/24}]
---
apiVersion: v1alpha1
kind: UserVolumeConfig
name: data
provisioning:
  diskSelector: {match: disk.dev_path == '/dev/vdb'}
  minSize: 320MiB
`;

test("a machine that runs follows its config within seconds, without a restart", async () => {
  await using around = new AsyncDisposableStack();
  for (const server of ["10.6.0.1", "10.6.0.3"]) around.use(await startTimeServer(server));
  const secrets = await createSecrets({ clock: systemClock });
  const { controlPlane } = await generateConfigs({
    ...{ clusterName: "lab", endpoint: "https://10.6.0.2:6443", secrets, clock: systemClock },
    installDisk: "/dev/vda",
  });
  const generated = parseMachineConfig(controlPlane.text);
  const first = patched(generated, "machine: {time: {servers: [10.6.0.1]}}");
  const machine = around.use(
    new Machine(
      {
        ...{
          name: "live",
          firmware: "bios",
          disks: [64, 400].map((megabytes) => ({ bus: "virtio" as const, megabytes })),
        },
        nics: [2, 3].map((nth) => ({ model: "virtio-net-pci", mac: `52:54:00:06:00:0${nth}` })),
      },
      network,
      openRunDirectory(project, "reconfigure"),
    ),
  );
  await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: bootArguments });
  await machine.console.waitFor(/machine API: port 50000, open to anyone/, { within: "operatingSystem" });
  const said = await machine.console.text();
  const fingerprint = /fingerprint of the maintenance certificate: (\S+)/.exec(said)![1]!;
  {
    using anyone = openChannel({ address, credentials: new UnverifiedTlsCredentials([fingerprint]) });
    const data = Buffer.from(first.text);
    await client(MachineService, anyone, { deadlineMs: 60_000 }).applyConfiguration({
      data,
      mode: Mode.AUTO,
    });
  }
  await machine.console.waitFor(/machine API: port 50000, mutual TLS/, { within: "operatingSystem" });

  const authority = machineAuthority(secrets, systemClock);
  const issued = await authority.issue({ organization: ["os:admin"], purposes: ["clientAuth"] });
  using admin = openChannel({
    address,
    credentials: new ClientTlsCredentials({
      authorities: authority.certificate.pem,
      identity: { certificate: issued.certificate.pem, key: issued.key.pkcs8Pem },
    }),
  });
  const calls = client(MachineService, admin, { deadlineMs: 60_000 });
  const state = new RemoteState({ channel: admin, deadlineMs: 60_000 });
  /** Resolves to the time when the resource is as it shall be. */
  async function until<Type extends ResourceType>(
    type: Type,
    id: string,
    fits: (spec: SpecOf<Type>) => boolean,
  ): Promise<number> {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]);
    for await (const events of state.watch(type, { id, signal })) {
      for (const event of events) {
        if (event.type !== "created" && event.type !== "updated") continue;
        if (!fits(event.resource.spec)) continue;
        stop.abort();
        return performance.now();
      }
    }
    throw new Error(`Cannot see ${type.type} ${id} become what it shall be`);
  }

  await until(MachineStatus, "machine", ({ stage, status }) => stage === "running" && status.ready);
  await until(TimeStatus, "node", ({ server }) => server === "10.6.0.1");

  const second = patched(patched(generated, "machine: {time: {servers: [10.6.0.3]}}"), changes);
  const began = performance.now();
  const applied = await calls.applyConfiguration({ data: Buffer.from(second.text), mode: Mode.AUTO });
  expect(applied.messages).toMatchObject([{ modeDetails: "Applied configuration without a reboot" }]);
  const effects = await Promise.all([
    until(
      HostnameStatus,
      "hostname",
      ({ hostname, domainname }) => `${hostname}.${domainname}` === "node-2.lab",
    ),
    until(KernelParamStatus, "proc.sys.vm.swappiness", ({ current }) => current === "7"),
    until(LoadedKernelModule, "dummy", ({ state: now }) => now === "Live"),
    until(LinkStatus, "eth1", ({ slaveKind }) => slaveKind === "bond"),
    until(LinkStatus, "bond0", ({ mtu, linkState }) => mtu === 1400 && linkState),
    until(AddressStatus, "storage/10.9.0.2/24", () => true),
    until(TimeStatus, "node", ({ server }) => server === "10.6.0.3"),
    until(
      VolumeStatus,
      "u-data",
      ({ phase, mountLocation }) => phase === "ready" && mountLocation === "/var/mnt/data",
    ),
  ]);
  const tookMs = effects.map((at) => Math.round(at - began));
  process.stdout.write(
    `from apply to effect, ms: name ${tookMs[0]}, sysctl ${tookMs[1]}, module ${tookMs[2]}, bond ${tookMs[4]}, address ${tookMs[5]}, time ${tookMs[6]}, volume ${tookMs[7]}\n`,
  );
  expect((await calls.hostname({})).messages).toMatchObject([{ hostname: "node-2" }]);

  // A try takes itself back.
  const trial = patched(
    second,
    "apiVersion: v1alpha1\nkind: HostnameConfig\nauto: off\nhostname: on-trial\n",
  );
  const trying = { data: Buffer.from(trial.text), mode: Mode.TRY, tryModeTimeout: { seconds: 3n, nanos: 0 } };
  const seen = until(HostnameStatus, "hostname", ({ hostname }) => hostname === "on-trial");
  await calls.applyConfiguration(trying);
  await seen;
  await until(HostnameStatus, "hostname", ({ hostname }) => hostname === "node-2");

  expect((await machine.console.text()).slice(said.length)).not.toMatch(/fatal|Kernel panic/);
});
