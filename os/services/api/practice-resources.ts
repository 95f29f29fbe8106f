// A resource of each type that is served, for tests: as a small node could have it.
import type { ResourceType, SpecOf } from "../../../cosi/resource.ts";
import type { State } from "../../../cosi/state.ts";
import { SystemDisk, VolumeStatus } from "../../resources/block.ts";
import { ClusterInfo } from "../../resources/cluster.ts";
import { MachineType } from "../../resources/config/machine-config.ts";
import { Disk } from "../../resources/hardware/disk.ts";
import { MemoryModule, PciDevice, Processor, SystemInformation } from "../../resources/hardware/machine.ts";
import { AddressSpec, AddressStatus } from "../../resources/network/address.ts";
import { ConfiguredLinks } from "../../resources/network/configured-links.ts";
import { DhcpLease, OperatorSpec } from "../../resources/network/dhcp.ts";
import { EthernetSpec } from "../../resources/network/ethernet.ts";
import { HostEntries } from "../../resources/network/host-entries.ts";
import { asked } from "../../resources/network/layers.ts";
import { LinkSpec, LinkStatus } from "../../resources/network/link.ts";
import { LinkAliasSpec } from "../../resources/network/link-alias.ts";
import {
  HostnameSpec,
  HostnameStatus,
  ResolverSpec,
  ResolverStatus,
  TimeServerSpec,
  TimeServerStatus,
} from "../../resources/network/names.ts";
import { LinkNeighbor } from "../../resources/network/neighbor.ts";
import { NetworkStatus, NodeAddress } from "../../resources/network/node.ts";
import { RouteSpec, RouteStatus } from "../../resources/network/route.ts";
import { RoutingRuleSpec } from "../../resources/network/routing-rule.ts";
import { WireguardSpec } from "../../resources/network/wireguard.ts";
import { AgentStatus } from "../../resources/runtime/agent.ts";
import { Diagnostic } from "../../resources/runtime/diagnostic.ts";
import {
  ExtensionStatus,
  KernelCmdline,
  KernelModuleSpec,
  KmsgLogSpec,
  LoadedKernelModule,
  SecurityState,
} from "../../resources/runtime/kernel.ts";
import {
  KernelParamDefault,
  KernelParamSpec,
  KernelParamStatus,
} from "../../resources/runtime/kernel-param.ts";
import { LogDestinationSpec } from "../../resources/runtime/log-destination.ts";
import { BootId, MachineStage, MachineStatus, Service, Version } from "../../resources/runtime/node.ts";
import { MetaKey, MountStatus, PlatformMetadata } from "../../resources/runtime/platform.ts";
import { TrustedRoots } from "../../resources/runtime/trusted-roots.ts";
import { Upgrade } from "../../resources/runtime/upgrade.ts";
import { UserFileStatus } from "../../resources/runtime/user-file.ts";
import { WatchdogTimerConfig, WatchdogTimerStatus } from "../../resources/runtime/watchdog.ts";
import { OsRootSecret } from "../../resources/secrets.ts";
import { TimeStatus, TimeSyncSpec } from "../../resources/time-status.ts";

export interface PracticeResource {
  readonly type: ResourceType;
  readonly id: string;
  readonly spec: unknown;
}

const of = <Type extends ResourceType>(type: Type, id: string, spec: SpecOf<Type>): PracticeResource => ({
  ...{ type, id, spec },
});

const mac = "52:54:00:12:34:56";
const resolvers = { dnsServers: ["10.0.0.1", "2001:db8::53"], searchDomains: ["example.org"] };
const hostname = { hostname: "practice", domainname: "example.org" };
const route = {
  ...{ dst: "", gateway: "10.0.0.1", src: "10.0.0.5", outLinkName: "eth0", priority: 1024 },
  ...{ family: "inet4" as const, type: "unicast" as const, table: "main", mtu: 1400 },
};
const link = {
  ...{ index: 2, type: "ether", kind: "", slaveKind: "bond", linkIndex: 0, masterIndex: 3, mtu: 1500 },
  ...{ hardwareAddr: mac, permanentAddr: mac, operationalState: "up", up: true, linkState: true },
  ...{ multicast: true, pciID: "1AF4:1000" },
  ...{ physical: true, driver: "virtio_net", busPath: "0000:00:03.0", speedMbit: 10_000, duplex: "Full" },
};
const pem = (text: string) => Buffer.from(text).toString("base64");
const conditions = [{ name: "time", reason: "time is not in sync" }];

const machine = [
  of(SystemInformation, "systeminformation", {
    ...{ manufacturer: "Practice", productName: "Rack", version: "2", serialnumber: "S1", skuNumber: "K" },
    uuid: "4c4c4544-0042-3510-8052-b4c04f4d3732",
  }),
  of(Processor, "CPU-0", {
    ...{ socket: "CPU 0", manufacturer: "Practice", productName: "Core", maxSpeedMhz: 3600 },
    ...{ coreCount: 8, threadCount: 16 },
  }),
  of(MemoryModule, "DIMM-0", {
    ...{ sizeMiB: 16_384, deviceLocator: "DIMM 0", bankLocator: "NODE 0", speed: 3200 },
    ...{ manufacturer: "Practice", serialNumber: "M1", productName: "DDR4" },
  }),
  of(PciDevice, "0000:00:03.0", {
    ...{ vendor_id: "0x1af4", product_id: "0x1000", class_id: "0x02" },
    ...{ vendor: "Red Hat", product: "Virtio network device", driver: "virtio-pci" },
  }),
  of(Disk, "vda", {
    ...{ dev_path: "/dev/vda", size: 10_737_418_240, pretty_size: "11 GB", io_size: 512, sector_size: 512 },
    ...{ readonly: false, cdrom: false, model: "Practice", serial: "D1", wwid: "naa.5", transport: "virtio" },
    ...{ bus_path: "/pci0000:00", rotational: true },
  }),
  of(SystemDisk, "system-disk", { diskID: "vda", devPath: "/dev/vda", slot: "a" }),
  of(VolumeStatus, "EPHEMERAL", {
    ...{ phase: "ready", location: "/dev/vda6", mountLocation: "/var", filesystem: "xfs" },
    ...{ size: 5_368_709_120, errorMessage: "" },
  }),
];

const network = [
  of(AddressSpec, "eth0/10.0.0.5/24", { address: "10.0.0.5/24", linkName: "eth0" }),
  of(asked(AddressSpec), "configuration/eth0/2001:db8::5/64", {
    address: "2001:db8::5/64",
    linkName: "eth0",
  }),
  of(AddressStatus, "eth0/10.0.0.5/24", {
    ...{ address: "10.0.0.5/24", linkName: "eth0", linkIndex: 2, family: "inet4" },
    ...{ scope: "global", tentative: false, priority: 512 },
  }),
  of(AddressStatus, "eth0/fe80::1/64", {
    ...{ address: "fe80::1/64", linkName: "eth0", linkIndex: 2, family: "inet6" },
    ...{ scope: "link", tentative: true, priority: 0 },
  }),
  of(RouteSpec, "eth0/inet4/default/10.0.0.1/1024", route),
  of(RouteStatus, "eth0/inet4/default/10.0.0.1/1024", { ...route, protocol: "dhcp", scope: "global" }),
  of(RouteStatus, "eth0/inet6/2001:db8::/64/256", {
    ...{ family: "inet6", dst: "2001:db8::/64", gateway: "", src: "", outLinkName: "eth0", priority: 256 },
    ...{ protocol: "kernel", scope: "global", type: "unicast", table: "7", mtu: 0 },
  }),
  of(RouteStatus, "nowhere/inet4/10.9.0.0/16/1024", {
    ...{ family: "inet4", dst: "10.9.0.0/16", gateway: "", src: "", outLinkName: "", priority: 1024 },
    ...{ protocol: "static", scope: "global", type: "blackhole", table: "main", mtu: 0 },
  }),
  of(OperatorSpec, "dhcp4/eth0", { operator: "dhcp4", linkName: "eth0", dhcp4: { routeMetric: 1024 } }),
  of(OperatorSpec, "dhcp6/eth0", { operator: "dhcp6", linkName: "eth0", dhcp6: { duid: "00030001aa" } }),
  of(OperatorSpec, "dhcp6/eth1", { operator: "dhcp6", linkName: "eth1", dhcp6: {} }),
  of(LinkSpec, "wg0", { up: true, wireguard: true }),
  of(LinkSpec, "bond0", {
    ...{ up: true, mtu: 9000 },
    ...{ multicast: true, hardwareAddr: mac },
    bond: { mode: "802.3ad", miimon: 100, xmitHashPolicy: "layer3+4", lacpRate: "fast", useCarrier: true },
  }),
  of(LinkSpec, "bond1", {
    up: true,
    bond: {
      ...{ mode: "active-backup", miimon: 0, arpInterval: 250, arpIpTargets: ["10.0.0.1"] },
      ...{ arpValidate: "filter-backup", arpAllTargets: "all", failOverMac: "follow", adLacpActive: "on" },
      ...{ allSlavesActive: 1, adActorSysPrio: 65_535, adUserPortKey: 3, tlbDynamicLb: 1, missedMax: 2 },
    },
  }),
  of(asked(LinkSpec), "cmdline/eth0.7", { up: true, vlan: { parent: "eth0", id: 7 } }),
  of(LinkSpec, "br0", { up: true, bridge: { stp: true, vlanFiltering: true } }),
  of(LinkSpec, "vrf-blue", { up: true, vrf: { table: 123 } }),
  of(EthernetSpec, "eth0", {
    rings: { rx: 1024, "tx-push": true },
    features: { "rx-checksum": false },
    ...{ channels: { combined: 4 }, wakeOnLan: ["magic"] },
  }),
  of(LinkAliasSpec, "eth0", { alias: "net0" }),
  of(LinkStatus, "eth0", { ...link, alias: "net0" }),
  of(LinkStatus, "lo", {
    ...link,
    type: "loopback",
    operationalState: "unknown",
    duplex: "",
    physical: false,
  }),
  of(LinkStatus, "sit0", { ...link, type: "sit", kind: "sit", operationalState: "down", up: false }),
  of(HostnameSpec, "hostname", hostname),
  of(HostnameStatus, "hostname", hostname),
  of(ResolverSpec, "resolvers", resolvers),
  of(ResolverStatus, "resolvers", resolvers),
  of(TimeServerSpec, "timeservers", { timeServers: ["time.example.org"] }),
  of(TimeServerStatus, "timeservers", { timeServers: ["time.example.org"] }),
  of(NodeAddress, "default", { addresses: ["10.0.0.5/24", "2001:db8::5/64"] }),
  of(NodeAddress, "routed", { addresses: ["10.0.0.5/24", "2001:db8::5/64"] }),
  of(NetworkStatus, "status", {
    ...{ addressReady: true, connectivityReady: true, hostnameReady: true, etcFilesReady: false },
    waitingFor: "",
  }),
];

const node = [
  of(MachineType, "machine-type", "controlplane"),
  of(ClusterInfo, "current", { clusterId: "id", clusterName: "practice" }),
  of(Service, "apid", { running: true, healthy: true, unknown: false }),
  of(MachineStatus, "machine", {
    stage: "shutting down",
    status: { ready: false, unmetConditions: conditions },
  }),
  of(Version, "version", { name: "Ingot", version: "v1.13.0" }),
  of(BootId, "boot-id", { bootID: "0b4a3a8c-6d4c-4b43-a2b9-2a3c1b7e5d10" }),
  of(TimeStatus, "node", {
    synced: true,
    epoch: 3,
    syncDisabled: false,
    server: "time.example.org",
    offsetMs: -2,
  }),
  of(KernelCmdline, "cmdline", { cmdline: "console=ttyS0" }),
  of(KernelModuleSpec, "br_netfilter", { name: "br_netfilter", parameters: ["a=1"] }),
  of(KernelParamSpec, "proc.sys.vm.swappiness", { value: "10" }),
  of(KernelParamStatus, "proc.sys.vm.swappiness", { current: "10", default: "60", unsupported: false }),
  of(KmsgLogSpec, "tcp://10.0.0.9:514/", { url: "tcp://10.0.0.9:514/" }),
  of(LoadedKernelModule, "virtio_net", {
    ...{ size: 61_440, referenceCount: 1, dependencies: ["net_failover"], state: "Live" },
  }),
  of(SecurityState, "securitystate", {
    ...{ secureBoot: true, lockdown: "integrity", moduleSignatureEnforced: true, unmet: [] },
  }),
  of(ExtensionStatus, "tools", {
    metadata: { name: "tools", version: "1.2", description: "Tools." },
    packages: [{ name: "tool", version: "1.2" }],
  }),
  of(MetaKey, "0x0a", { value: "x" }),
  of(MountStatus, "EPHEMERAL", {
    ...{ source: "/dev/vda6", target: "/var", filesystemType: "xfs", options: ["nosuid"], encrypted: false },
  }),
  of(Diagnostic, "clock", { message: "the clock is not kept right", details: ["nobody answers"] }),
  of(WatchdogTimerConfig, "timer", { device: "/dev/watchdog0", timeout: "2m0s" }),
  of(WatchdogTimerStatus, "timer", { device: "/dev/watchdog0", timeout: "2m0s", feedInterval: "333.333ms" }),
  of(PlatformMetadata, "platformmetadata", { platform: "metal" }),
  of(OsRootSecret, "os", {
    issuingCA: { crt: pem("certificate"), key: pem("key") },
    acceptedCAs: [{ crt: pem("other") }],
    ...{ certSANIPs: ["10.0.0.5"], certSANDNSNames: ["practice"], token: "aaaaaa.bbbbbbbbbbbbbbbb" },
  }),
];

const ours = [
  of(AgentStatus, "agent", { says: "waiting" }),
  of(ConfiguredLinks, "configuration", { links: ["eth0"] }),
  of(DhcpLease, "eth0", {
    ...{ address: "10.0.0.5/24", server: "10.0.0.1", routes: [], dnsServers: [], searchDomains: [] },
    ...{ timeServers: [], hostname: "" },
  }),
  of(HostEntries, "hosts", { entries: [{ address: "127.0.0.1", names: ["localhost"] }] }),
  of(KernelParamDefault, "proc.sys.vm.swappiness", { value: "10" }),
  of(LinkNeighbor, "eth0", {
    ...{ chassisId: "c", portId: "p", portDescription: "", systemName: "switch", systemDescription: "" },
    managementAddresses: [],
  }),
  of(LogDestinationSpec, "tcp://10.0.0.9:514/", { url: "tcp://10.0.0.9:514/", tags: {} }),
  of(MachineStage, "machine", { stage: "running" }),
  of(TimeSyncSpec, "node", { enabled: true, bootTimeoutMs: 0 }),
  of(TrustedRoots, "ours", {
    certificates: [{ subject: "CN=Our own", notAfter: "2036-01-01T00:00:00.000Z", fingerprint: "00" }],
    errorMessage: "",
  }),
  of(UserFileStatus, "/var/a", { operation: "create", mode: "644", sha256: "", errorMessage: "" }),
  of(RoutingRuleSpec, "100", {
    ...{ priority: 100, src: "10.0.0.0/8", dst: "", table: 100, action: "unicast" },
    ...{ iifName: "", oifName: "", fwMark: 0, fwMask: 0 },
  }),
  of(WireguardSpec, "wg0", { privateKey: "", listenPort: 51_820, firewallMark: 0, peers: [] }),
  of(Upgrade, "upgrade", { phase: "done", slot: "b", image: "factory/ingot:v2", reason: "" }),
];

/** All but the machine config, which a practice node has of its own. */
export const practiceResources: readonly PracticeResource[] = [...machine, ...network, ...node, ...ours];

/** Over what the node has said of itself. */
export async function fillWithPractice(state: State): Promise<void> {
  for (const { type, id, spec } of practiceResources) {
    const before = await state.find(type, id);
    await state.as(before?.metadata.owner ?? "").set(type, id, { spec });
  }
}
