// Every resource of our node, as upstream's typed clients decode it: it must say what its YAML says.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { openPracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { fillWithPractice } from "../../os/services/api/practice-resources.ts";
import { hasGo } from "../../workshop/has-go.ts";
import { buildTimeoutMs, buildUpstreamClient } from "./upstream-client.ts";

const run = promisify(execFile);
const minutes = 60_000;
/** What os/services/api/typed is measured by where there is no Go. */
const captures = join(import.meta.dirname, "../../os/services/api/captures/talos-v1.13.0-resources.txt");

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ingot-typed-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe.skipIf(!hasGo)("with Go on this machine (skipped where there is no `go`)", () => {
  let upstream: string;
  beforeAll(async () => {
    upstream = await buildUpstreamClient(directory);
  }, buildTimeoutMs);

  test("upstream's client decodes our resources by their messages", { timeout: 2 * minutes }, async () => {
    const { secrets, controlPlane: config } = await practiceCluster();
    await using node = await openPracticeNode({ config });
    await fillWithPractice(node.state);
    const endpoints = [node.address];
    const client = await generateClientConfig({ clusterName: "c", secrets, clock: systemClock, endpoints });
    const talosconfig = join(directory, "talosconfig");
    writeFileSync(talosconfig, clientConfigText(client), { mode: 0o600 });

    const again = await run(upstream, ["reencoded", talosconfig, "127.0.0.1"]);
    const lines = again.stdout.split("\n").filter((line) => !line.startsWith("MachineConfigs."));
    await expect(lines.join("\n")).toMatchFileSnapshot(captures);
    const { stdout } = await run(upstream, ["typed", talosconfig, "127.0.0.1"]);
    // Types of our own are nobody's but ours.
    const known = stdout.replaceAll(/^\w+\.[a-z]+\.ingot\.dev: unknown to upstream\n/gm, "");
    expect(known).toMatchInlineSnapshot(`
      "AddressSpecs.net.talos.dev eth0/10.0.0.5/24: *network.AddressSpecSpec
        family: by its message inet4, by its YAML <nil>
        flags: by its message permanent, by its YAML <nil>
        layer: by its message default, by its YAML <nil>
        scope: by its message global, by its YAML <nil>
      AddressSpecs.net.talos.dev configuration/eth0/2001:db8::5/64: *network.AddressSpecSpec
        family: by its message inet6, by its YAML <nil>
        flags: by its message permanent, by its YAML <nil>
        layer: by its message configuration, by its YAML <nil>
        scope: by its message global, by its YAML <nil>
      AddressStatuses.net.talos.dev eth0/10.0.0.5/24: *network.AddressStatusSpec
      AddressStatuses.net.talos.dev eth0/fe80::1/64: *network.AddressStatusSpec
        flags: by its message tentative, by its YAML <nil>
        tentative: by its message <nil>, by its YAML true
      BootIDs.runtime.talos.dev: unknown to upstream
      Diagnostics.runtime.talos.dev clock: *runtime.DiagnosticSpec
      Disks.block.talos.dev vda: *block.DiskSpec
      EthernetSpecs.net.talos.dev eth0: *network.EthernetSpecSpec
      ExtensionStatuses.runtime.talos.dev tools: *extensions.Layer
        packages: by its message <nil>, by its YAML [map[name:tool version:1.2]]
      HostnameSpecs.net.talos.dev hostname: *network.HostnameSpecSpec
        layer: by its message default, by its YAML <nil>
      HostnameStatuses.net.talos.dev hostname: *network.HostnameStatusSpec
      Infos.cluster.talos.dev current: *cluster.InfoSpec
      KernelCmdlines.runtime.talos.dev cmdline: *runtime.KernelCmdlineSpec
      KernelModuleSpecs.runtime.talos.dev br_netfilter: *runtime.KernelModuleSpecSpec
        name: by its message <nil>, by its YAML br_netfilter
        string: by its message br_netfilter, by its YAML <nil>
      KernelParamSpecs.runtime.talos.dev proc.sys.vm.swappiness: *runtime.KernelParamSpecSpec
      KernelParamStatuses.runtime.talos.dev proc.sys.vm.swappiness: *runtime.KernelParamStatusSpec
      KmsgLogConfigs.runtime.talos.dev tcp://10.0.0.9:514/: *runtime.KmsgLogConfigSpec
        destinations: by its message [map[forcequery:false fragment: host:10.0.0.9:514 omithost:false opaque: path:/ rawfragment: rawpath: rawquery: scheme:tcp user:<nil>]], by its YAML <nil>
        url: by its message <nil>, by its YAML tcp://10.0.0.9:514/
      LinkAliasSpecs.net.talos.dev eth0: *network.LinkAliasSpecSpec
      LinkSpecs.net.talos.dev bond0: *network.LinkSpecSpec
        bond: by its message <nil>, by its YAML map[lacpRate:fast miimon:100 mode:802.3ad useCarrier:true xmitHashPolicy:layer3+4]
        bondMaster: by its message map[arpAllTargets:any arpValidate:none failOverMac:none lacpRate:fast miimon:100 mode:802.3ad primaryReselect:always useCarrier:true xmitHashPolicy:layer3+4], by its YAML <nil>
        kind: by its message bond, by its YAML <nil>
        layer: by its message default, by its YAML <nil>
        logical: by its message true, by its YAML <nil>
        name: by its message bond0, by its YAML <nil>
        type: by its message ether, by its YAML <nil>
      LinkSpecs.net.talos.dev bond1: *network.LinkSpecSpec
        bond: by its message <nil>, by its YAML map[adActorSysPrio:65535 adLacpActive:on adUserPortKey:3 allSlavesActive:1 arpAllTargets:all arpInterval:250 arpIpTargets:[10.0.0.1] arpValidate:filter-backup failOverMac:follow miimon:0 missedMax:2 mode:active-backup tlbDynamicLb:1]
        bondMaster: by its message map[adActorSysPrio:65535 adLacpActive:on adUserPortKey:3 allSlavesActive:1 arpAllTargets:all arpInterval:250 arpIpTargets:[10.0.0.1] arpValidate:filter-backup failOverMac:follow lacpRate:slow missedMax:2 mode:active-backup primaryReselect:always tlbLogicalLb:1 xmitHashPolicy:layer2], by its YAML <nil>
        kind: by its message bond, by its YAML <nil>
        layer: by its message default, by its YAML <nil>
        logical: by its message true, by its YAML <nil>
        name: by its message bond1, by its YAML <nil>
        type: by its message ether, by its YAML <nil>
      LinkSpecs.net.talos.dev br0: *network.LinkSpecSpec
        bridge: by its message <nil>, by its YAML map[stp:true vlanFiltering:true]
        bridgeMaster: by its message map[stp:map[enabled:true] vlan:map[filteringEnabled:true]], by its YAML <nil>
        kind: by its message bridge, by its YAML <nil>
        layer: by its message default, by its YAML <nil>
        logical: by its message true, by its YAML <nil>
        name: by its message br0, by its YAML <nil>
        type: by its message ether, by its YAML <nil>
      LinkSpecs.net.talos.dev vrf-blue: *network.LinkSpecSpec
        kind: by its message vrf, by its YAML <nil>
        layer: by its message default, by its YAML <nil>
        logical: by its message true, by its YAML <nil>
        name: by its message vrf-blue, by its YAML <nil>
        type: by its message ether, by its YAML <nil>
        vrf: by its message <nil>, by its YAML map[table:123]
        vrfMaster: by its message map[table:123], by its YAML <nil>
      LinkSpecs.net.talos.dev wg0: *network.LinkSpecSpec
        kind: by its message wireguard, by its YAML <nil>
        layer: by its message default, by its YAML <nil>
        logical: by its message true, by its YAML <nil>
        name: by its message wg0, by its YAML <nil>
        type: by its message ether, by its YAML <nil>
        wireguard: by its message <nil>, by its YAML true
      LinkSpecs.net.talos.dev cmdline/eth0.7: *network.LinkSpecSpec
        kind: by its message vlan, by its YAML <nil>
        layer: by its message cmdline, by its YAML <nil>
        logical: by its message true, by its YAML <nil>
        name: by its message eth0.7, by its YAML <nil>
        parentName: by its message eth0, by its YAML <nil>
        type: by its message ether, by its YAML <nil>
        vlan.id: by its message <nil>, by its YAML 7
        vlan.parent: by its message <nil>, by its YAML eth0
        vlan.vlanID: by its message 7, by its YAML <nil>
        vlan.vlanProtocol: by its message 802.1q, by its YAML <nil>
      LinkStatuses.net.talos.dev eth0: *network.LinkStatusSpec
        flags: by its message UP,MULTICAST,LOWER_UP, by its YAML <nil>
        multicast: by its message <nil>, by its YAML true
        physical: by its message <nil>, by its YAML true
        port: by its message Other, by its YAML <nil>
        up: by its message <nil>, by its YAML true
      LinkStatuses.net.talos.dev lo: *network.LinkStatusSpec
        duplex: by its message Unknown, by its YAML 
        flags: by its message UP,MULTICAST,LOWER_UP, by its YAML <nil>
        multicast: by its message <nil>, by its YAML true
        port: by its message Other, by its YAML <nil>
        up: by its message <nil>, by its YAML true
      LinkStatuses.net.talos.dev sit0: *network.LinkStatusSpec
        flags: by its message MULTICAST,LOWER_UP, by its YAML <nil>
        multicast: by its message <nil>, by its YAML true
        physical: by its message <nil>, by its YAML true
        port: by its message Other, by its YAML <nil>
      LoadedKernelModules.runtime.talos.dev virtio_net: *runtime.LoadedKernelModuleSpec
      MachineConfigs.config.talos.dev v1alpha1: *config.v1alpha1Spec
      MachineStatuses.runtime.talos.dev machine: *runtime.MachineStatusSpec
      MachineTypes.config.talos.dev machine-type: config.machineTypeSpec
      MemoryModules.hardware.talos.dev DIMM-0: *hardware.MemoryModuleSpec
      MetaKeys.runtime.talos.dev 0x0a: *runtime.MetaKeySpec
      MountStatuses.runtime.talos.dev EPHEMERAL: *runtime.MountStatusSpec
      NetworkStatuses.net.talos.dev status: *network.StatusSpec
      NodeAddresses.net.talos.dev default: *network.NodeAddressSpec
        sortAlgorithm: by its message v1, by its YAML <nil>
      NodeAddresses.net.talos.dev routed: *network.NodeAddressSpec
        sortAlgorithm: by its message v1, by its YAML <nil>
      OperatorSpecs.net.talos.dev dhcp4/eth0: *network.OperatorSpecSpec
        layer: by its message default, by its YAML <nil>
        requireUp: by its message true, by its YAML <nil>
      OperatorSpecs.net.talos.dev dhcp6/eth0: *network.OperatorSpecSpec
        dhcp6.clientIdentifier: by its message map[clientIdentifier:duid duidRawHex:00030001aa], by its YAML <nil>
        dhcp6.duid: by its message <nil>, by its YAML 00030001aa
        layer: by its message default, by its YAML <nil>
        requireUp: by its message true, by its YAML <nil>
      OperatorSpecs.net.talos.dev dhcp6/eth1: *network.OperatorSpecSpec
        dhcp6.clientIdentifier: by its message map[clientIdentifier:mac], by its YAML <nil>
        layer: by its message default, by its YAML <nil>
        requireUp: by its message true, by its YAML <nil>
      OSRootSecrets.secrets.talos.dev os: *secrets.OSRootSpec
      PCIDevices.hardware.talos.dev 0000:00:03.0: *hardware.PCIDeviceSpec
      PlatformMetadatas.talos.dev platformmetadata: *runtime.PlatformMetadataSpec
      Processors.hardware.talos.dev CPU-0: *hardware.ProcessorSpec
      ResolverSpecs.net.talos.dev resolvers: *network.ResolverSpecSpec
        layer: by its message default, by its YAML <nil>
      ResolverStatuses.net.talos.dev resolvers: *network.ResolverStatusSpec
      RouteSpecs.net.talos.dev eth0/inet4/default/10.0.0.1/1024: *network.RouteSpecSpec
        layer: by its message default, by its YAML <nil>
        protocol: by its message static, by its YAML <nil>
        scope: by its message global, by its YAML <nil>
      RouteStatuses.net.talos.dev eth0/inet4/default/10.0.0.1/1024: *network.RouteStatusSpec
      RouteStatuses.net.talos.dev eth0/inet6/2001:db8::/64/256: *network.RouteStatusSpec
      RouteStatuses.net.talos.dev nowhere/inet4/10.9.0.0/16/1024: *network.RouteStatusSpec
      SecurityStates.talos.dev securitystate: *runtime.SecurityStateSpec
        lockdown: by its message <nil>, by its YAML integrity
      Services.v1alpha1.talos.dev apid: *v1alpha1.ServiceSpec
      SystemDisks.block.talos.dev system-disk: *block.SystemDiskSpec
        slot: by its message <nil>, by its YAML a
      SystemInformations.hardware.talos.dev systeminformation: *hardware.SystemInformationSpec
      TimeServerSpecs.net.talos.dev timeservers: *network.TimeServerSpecSpec
        layer: by its message default, by its YAML <nil>
      TimeServerStatuses.net.talos.dev timeservers: *network.TimeServerStatusSpec
      TimeStatuses.v1alpha1.talos.dev node: *time.StatusSpec
        offsetMs: by its message <nil>, by its YAML -2
        server: by its message <nil>, by its YAML time.example.org
      Versions.runtime.talos.dev version: *runtime.VersionSpec
      VolumeStatuses.block.talos.dev EPHEMERAL: *block.VolumeStatusSpec
        type: by its message partition, by its YAML <nil>
      WatchdogTimerConfigs.runtime.talos.dev timer: *runtime.WatchdogTimerConfigSpec
      WatchdogTimerStatuses.runtime.talos.dev timer: *runtime.WatchdogTimerStatusSpec
      "
    `);
  });
});
