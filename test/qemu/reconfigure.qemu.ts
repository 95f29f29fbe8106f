// A machine that runs, reconfigured over its API: every effect is read back through the API, without a restart.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApplyConfigurationRequest_Mode as Mode } from "../../api/gen/machine/configuration_pb.js";
import { type MachineConfig } from "../../machine-config/machine-config.ts";
import { applyPatches, parsePatch } from "../../machine-config/patch/patch.ts";
import { VolumeStatus } from "../../os/resources/block.ts";
import { AddressStatus } from "../../os/resources/network/address.ts";
import { LinkStatus } from "../../os/resources/network/link.ts";
import { HostnameStatus, ResolverStatus } from "../../os/resources/network/names.ts";
import { RouteStatus } from "../../os/resources/network/route.ts";
import { LoadedKernelModule } from "../../os/resources/runtime/kernel.ts";
import { KernelParamStatus } from "../../os/resources/runtime/kernel-param.ts";
import { MachineStatus } from "../../os/resources/runtime/node.ts";
import { UserFileStatus } from "../../os/resources/runtime/user-file.ts";
import { WatchdogTimerStatus } from "../../os/resources/runtime/watchdog.ts";
import { TimeStatus } from "../../os/resources/time-status.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { limits, writeLimitedService } from "./framework/limited-service.ts";
import { openNetwork } from "./framework/network.ts";
import { NodeInMemory } from "./framework/node-in-memory.ts";
import { openRunDirectory } from "./framework/run-directory.ts";
import { startTimeServer } from "./framework/time-server.ts";

const around = new AsyncDisposableStack();
let node: NodeInMemory;
beforeAll(async () => {
  const directory = openRunDirectory(project, "reconfigure");
  const extension = writeLimitedService(join(directory.path, "extension"));
  const image = await operatingSystem([extension]);
  const network = around.use(openNetwork());
  network.plugIn("10.6.0.1/24");
  network.addAddress("10.6.0.3/24");
  for (const server of ["10.6.0.1", "10.6.0.3"]) around.use(await startTimeServer(server));
  node = around.use(
    await NodeInMemory.open({
      ...{ image, network, directory, address: "10.6.0.2", gateway: "10.6.0.1" },
      patch: "machine: {time: {servers: [10.6.0.1]}}",
      description: {
        // One processor: with the first limit the kernel patches itself while it runs, and an emulated second one may
        // still see the breakpoint that stood there meanwhile (int3).
        ...{ name: "live", firmware: "bios", memoryMegabytes: 1024, cpus: 1, watchdog: true },
        disks: [64, 400].map((megabytes) => ({ bus: "virtio", megabytes })),
        nics: [2, 3].map((nth) => ({ model: "virtio-net-pci", mac: `52:54:00:06:00:0${nth}` })),
      },
    }),
  );
}, 480_000);
afterAll(() => around.disposeAsync());

const patched = (config: MachineConfig, ...patches: string[]) =>
  patches.reduce((before, patch) => applyPatches(before, [parsePatch(patch)]), config);

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
kind: LinkAliasConfig
name: spare
selector: {match: 'mac(link.permanent_addr) == "52:54:00:06:00:03"'}
---
apiVersion: v1alpha1
kind: BondConfig
name: bond0
links: [spare]
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
---
apiVersion: v1alpha1
kind: VRFConfig
name: blue
table: "123"
links: [storage]
---
apiVersion: v1alpha1
kind: WatchdogTimerConfig
device: /dev/watchdog0
timeout: 40s
---
apiVersion: v1alpha1
kind: LinkConfig
name: eth0
routes: [{destination: 198.51.100.0/24, gateway: 10.6.0.1, table: "100", mtu: 1300, metric: 5}]
---
apiVersion: v1alpha1
kind: ResolverConfig
nameservers: [{address: 10.6.0.53}]
`;

/** Two ends of a tunnel, on the same machine: each hears of the other when all that they were told is right. */
function tunnel(): string {
  const ends = [0, 1].map((nth) => {
    const { publicKey, privateKey } = generateKeyPairSync("x25519");
    const raw = (key: KeyObject, form: "d" | "x") =>
      Buffer.from(key.export({ format: "jwk" })[form]!, "base64url");
    return {
      ...{ name: `wg${nth}`, port: 51_820 + nth },
      ...{ own: raw(privateKey, "d").toString("base64"), shown: raw(publicKey, "x").toString("base64") },
    };
  });
  const documents = ends.map(({ name, port, own }, nth) => {
    const other = ends[1 - nth]!;
    const network = `10.8.${1 - nth}.0/24`;
    return `apiVersion: v1alpha1
kind: WireguardConfig
name: ${name}
privateKey: ${own}
listenPort: ${port}
peers:
  - publicKey: ${other.shown}
    endpoint: 127.0.0.1:${other.port}
    persistentKeepaliveInterval: 1s
    allowedIPs: [${network}]
addresses: [{address: 10.8.${nth}.1/24}]
`;
  });
  return documents.join("---\n");
}

/** What is not said by a document of its own. */
const machine = `
machine:
  time: {servers: [10.6.0.3]}
  files: [{path: /var/lib/greeting, content: hello, permissions: 0o640}]
`;

test("a machine that runs follows its config within seconds, without a restart", async () => {
  await node.until(MachineStatus, "machine", ({ stage, status }) => stage === "running" && status.ready);
  await node.until(TimeStatus, "node", ({ server }) => server === "10.6.0.1");

  const next = patched(node.generated, machine, changes, tunnel());
  const began = performance.now();
  const applied = await node.calls.applyConfiguration({ data: Buffer.from(next.text), mode: Mode.AUTO });
  expect(applied.messages).toMatchObject([{ modeDetails: "Applied configuration without a reboot" }]);
  const answered = performance.now();
  const effects = {
    "its name": node.until(
      HostnameStatus,
      "hostname",
      (it) => `${it.hostname}.${it.domainname}` === "node-2.lab",
    ),
    "a setting": node.until(KernelParamStatus, "proc.sys.vm.swappiness", ({ current }) => current === "7"),
    "a module": node.until(LoadedKernelModule, "dummy", ({ state }) => state === "Live"),
    "a member": node.until(LinkStatus, "eth1", ({ slaveKind }) => slaveKind === "bond"),
    "a bond": node.until(LinkStatus, "bond0", ({ mtu, linkState }) => mtu === 1400 && linkState),
    "an address on a VLAN": node.until(AddressStatus, "storage/10.9.0.2/24", () => true),
    "a route of another table": node.until(
      RouteStatus,
      "eth0/inet4/198.51.100.0/24/10.6.0.1/5/100",
      ({ mtu }) => mtu === 1300,
    ),
    "a name server": node.until(
      ResolverStatus,
      "resolvers",
      ({ dnsServers }) => dnsServers[0] === "10.6.0.53",
    ),
    "a member of a VRF": node.until(LinkStatus, "storage", ({ slaveKind, up }) => slaveKind === "vrf" && up),
    "a route of the VRF": node.until(RouteStatus, "storage/inet4/10.9.0.0/24/0/123", () => true),
    "a watchdog": node.until(WatchdogTimerStatus, "timer", ({ timeout }) => timeout === "40s"),
    "a tunnel": node.until(LinkStatus, "wg0", ({ kind, up }) => kind === "wireguard" && up),
    "a time server": node.until(TimeStatus, "node", ({ server }) => server === "10.6.0.3"),
    "a file": node.until(UserFileStatus, "/var/lib/greeting", ({ sha256 }) => sha256 !== ""),
    "a volume": node.until(
      VolumeStatus,
      "u-data",
      ({ phase, mountLocation }) => phase === "ready" && mountLocation === "/var/mnt/data",
    ),
  };
  const took = await Promise.all(
    Object.entries(effects).map(async ([what, at]) => `${what} ${Math.round((await at) - began)}`),
  );
  process.stdout.write(
    `apply answered after ${Math.round(answered - began)} ms; effects after, ms: ${took.join(", ")}\n`,
  );
  expect((await node.calls.hostname({})).messages).toMatchObject([{ hostname: "node-2" }]);
  expect(await node.textOf("/var/lib/greeting")).toBe("hello");

  const heard = async () => {
    const { messages } = await node.calls.networkDeviceStats({});
    const devices = messages[0]!.devices.filter(({ name }) => name.startsWith("wg"));
    return devices.length === 2 && devices.every(({ rxBytes }) => rxBytes > 0n);
  };
  await expect.poll(heard, { timeout: 60_000 }).toBe(true);

  // A bond of another mode is another bond.
  const other = patched(next, "apiVersion: v1alpha1\nkind: BondConfig\nname: bond0\nbondMode: balance-xor\n");
  await node.calls.applyConfiguration({ data: Buffer.from(other.text), mode: Mode.NO_REBOOT });
  const isMade = async () => (await node.textOf("/sys/class/net/bond0/bonding/mode")).trim();
  await expect.poll(isMade, { timeout: 60_000 }).toBe("balance-xor 2");
  await node.until(LinkStatus, "eth1", ({ slaveKind }) => slaveKind === "bond");
  await node.until(AddressStatus, "storage/10.9.0.2/24", () => true);

  // A try takes itself back.
  const trial = patched(other, "apiVersion: v1alpha1\nkind: HostnameConfig\nauto: off\nhostname: on-trial\n");
  const trying = { data: Buffer.from(trial.text), mode: Mode.TRY, tryModeTimeout: { seconds: 3n, nanos: 0 } };
  const seen = node.until(HostnameStatus, "hostname", ({ hostname }) => hostname === "on-trial");
  await node.calls.applyConfiguration(trying);
  await seen;
  await node.until(HostnameStatus, "hostname", ({ hostname }) => hostname === "node-2");
  expect(await node.machine.console.text()).not.toMatch(/fatal|Kernel panic/);
});

test("a service can take only what it was given, and its config tells it to", async () => {
  const group = "/sys/fs/cgroup/services/ext-limited";
  const pidOf = async () => {
    const { messages } = await node.calls.processes({});
    return messages[0]!.processes.find(({ args }) => args.includes("limited.cjs"))?.pid ?? 0;
  };
  const says = async (text: string) => {
    const asked = node.calls.logs(
      { namespace: "system", id: "ext-limited", follow: true, tailLines: -1 },
      { deadlineMs: 60_000 },
    );
    for await (const { bytes } of asked) if (Buffer.from(bytes).toString().includes(text)) return;
    throw new Error(`Cannot hear ${text}`);
  };
  const tell = async (deed: string) => {
    const document = `apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: limited\nenvironment: [DEED=${deed}]\n`;
    const data = Buffer.from(patched(node.generated, document).text);
    await node.calls.applyConfiguration({ data, mode: Mode.NO_REBOOT });
    await says(`it does ${deed}`);
  };

  await says("it does nothing");
  await expect.poll(() => node.textOf(`${group}/memory.max`)).toBe(`${limits.memoryMaxBytes}\n`);
  const status = await node.textOf(`/proc/${await pidOf()}/status`);
  const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1];
  const netBindService = "0000000000000400";
  expect({
    ...{ uid: field("Uid"), gid: field("Gid"), noNewPrivs: field("NoNewPrivs") },
    capabilities: ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(field),
  }).toEqual({
    ...{ uid: "65534\t65534\t65534\t65534", gid: "65534\t65534\t65534\t65534", noNewPrivs: "1" },
    capabilities: Array.from({ length: 5 }, () => netBindService),
  });

  await tell("children");
  const refused = async () => Number(/^max (\d+)$/m.exec(await node.textOf(`${group}/pids.events`))?.[1]);
  await expect.poll(refused, { timeout: 60_000 }).toBeGreaterThan(0);
  expect(Number(await node.textOf(`${group}/pids.current`))).toBeLessThanOrEqual(limits.pidsMax);

  await tell("memory");
  const ended = async () => {
    const { messages } = await node.calls.serviceList({});
    const service = messages[0]!.services.find(({ id }) => id === "ext-limited");
    return service?.events?.events.map(({ msg }) => msg).join("\n") ?? "";
  };
  await expect.poll(ended, { timeout: 60_000 }).toContain("the process has ended by SIGKILL");
  expect(await node.machine.console.text()).toMatch(/Memory cgroup out of memory: Killed process/);
});
