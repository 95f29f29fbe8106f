// What a node does with each part of its config. Lists are passed through, `*` is any key of a mapping, and the longest
// path that fits counts. The test beside it sees that every field of every kind of document is in one row.

const links = [
  ...[
    "LinkConfig",
    "DummyLinkConfig",
    "VLANConfig",
    "BridgeConfig",
    "BondConfig",
    "VRFConfig",
    "WireguardConfig",
  ],
];
const ofLinks = (...fields: string[]) => links.flatMap((kind) => fields.map((field) => `${kind}.${field}`));
const devices = ["machine.network.interfaces", "machine.network.interfaces.vlans"];
const ofDevices = (...fields: string[]) =>
  devices.flatMap((device) => fields.map((field) => `${device}.${field}`));
const below = (parent: string, ...fields: string[]) => fields.map((field) => `${parent}.${field}`);

/** What is done as it is asked for: at once, at the next boot or at the next installation. */
export const usedSettings: readonly string[] = [
  ...["version", "persist"],
  ...below("machine", "type", "token", "ca", "acceptedCAs", "certSANs"),
  ...below("machine", "disks", "env", "files", "install", "kernel", "logging", "sysctls", "sysfs", "time"),
  ...below("machine.network", "hostname", "nameservers", "searchDomains", "extraHostEntries"),
  "machine.network.disableSearchDomain",
  ...below("machine.network.interfaces", "interface", "deviceSelector", "vlans.vlanId", "ignore", "dummy"),
  ...ofDevices("addresses", "cidr", "routes", "mtu", "dhcp", "dhcpOptions"),
  ...below("machine.network.interfaces", "bond", "bridge", "bridgePort", "wireguard"),
  ...below("WireguardConfig", "privateKey", "listenPort", "firewallMark", "peers"),
  ...below("machine.features", "rbac", "stableHostname", "apidCheckExtKeyUsage"),
  "machine.registries",
  ...below("cluster", "id", "clusterName", "controlPlane.endpoint"),
  ...ofLinks("name", "up", "mtu", "addresses", "routes", "multicast"),
  ...["BondConfig", "BridgeConfig", "DummyLinkConfig", "VRFConfig"].map((kind) => `${kind}.hardwareAddr`),
  ...["BlackholeRouteConfig", "RoutingRuleConfig"],
  ...below("BondConfig", "links", "bondMode", "miimon", "updelay", "downdelay", "useCarrier"),
  ...below("BondConfig", "xmitHashPolicy", "lacpRate", "failOverMac", "adSelect", "adLACPActive"),
  ...below("BondConfig", "primaryReselect", "resendIGMP", "minLinks", "lpInterval", "packetsPerSlave"),
  ...below("BondConfig", "numPeerNotif", "peerNotifDelay", "missedMax"),
  ...below("BondConfig", "arpInterval", "arpIpTargets", "arpValidate", "arpAllTargets", "adActorSysPrio"),
  ...below("BondConfig", "adUserPortKey", "tlbLogicalLb", "allSlavesActive"),
  ...below("BridgeConfig", "links", "stp", "vlan"),
  ...below("VLANConfig", "vlanID", "parent"),
  ...below("VRFConfig", "links", "table"),
  ...below("DHCPv4Config", "name", "routeMetric", "ignoreHostname"),
  "DHCPv6Config",
  ...["EnvironmentConfig", "HostnameConfig", "KernelModuleConfig", "KmsgLogConfig", "StaticHostConfig"],
  ...["ResolverConfig", "SysctlConfig", "SysfsConfig", "TimeSyncConfig", "UserVolumeConfig"],
  "ExtensionServiceConfig",
  ...["RegistryAuthConfig", "RegistryMirrorConfig", "RegistryTLSConfig", "UnattendedInstallConfig"],
  ...["EthernetConfig", "LinkAliasConfig", "TrustedRootsConfig", "WatchdogTimerConfig"],
];

/** What is kept for whoever will use it, and why nothing is done with it now. */
export const unusedSettings: readonly (readonly [why: string, paths: readonly string[]])[] = [
  [
    "Kubernetes does not run on this node yet",
    [
      ...["cluster", "machine.kubelet", "machine.controlPlane", "machine.pods", "machine.seccompProfiles"],
      ...below("machine", "nodeLabels", "nodeAnnotations", "nodeTaints", "baseRuntimeSpecOverrides"),
      ...below("machine.features", "kubePrism", "kubernetesTalosAPIAccess", "imageCache"),
      "ImageVerificationConfig",
    ],
  ],
  [
    "control planes share an address by an election in etcd, which does not run on this node yet",
    [...ofDevices("vip"), "Layer2VIPConfig", "HCloudVIPConfig"],
  ],
  ["KubeSpan is not built yet", ["machine.network.kubespan", "KubeSpanConfig", "KubeSpanEndpointsConfig"]],
  [
    "disks are not encrypted by this node yet: WHAT IS WRITTEN CAN BE READ FROM THEM",
    [
      ...["machine.systemDiskEncryption", "UserVolumeConfig.encryption", "VolumeConfig.encryption"],
      ...["RawVolumeConfig.encryption", "SwapVolumeConfig.encryption"],
    ],
  ],
  [
    "this node has no firewall yet: WHAT LISTENS CAN BE REACHED",
    ["NetworkDefaultActionConfig", "NetworkRuleConfig"],
  ],
  [
    "it is not built yet",
    [
      "debug",
      ...below("machine.network.interfaces.bond", "arpIPTarget", "adActorSystem", "primary"),
      ...["BondConfig.nsIp6Targets", "VLANConfig.vlanMode"],
      ...below("DHCPv4Config", "clientIdentifier", "duidRaw"),
      ...["EventSinkConfig", "TCPProbeConfig", "SideroLinkConfig", "TimeSyncConfig.ptp", "OOMConfig"],
      ...["PCIDriverRebindConfig", "ZswapConfig"],
      ...["ExistingVolumeConfig", "ExternalVolumeConfig", "RawVolumeConfig", "SwapVolumeConfig"],
      ...["UserVolumeConfig.filesystem.projectQuotaSupport", "machine.features.diskQuotaSupport"],
      ...["machine.features.hostDNS"],
      "machine.features.nodeAddressSortAlgorithm",
    ],
  ],
  ["DHCPv6 brings no routes", ["DHCPv6Config.routeMetric"]],
  ["this system has no udev: drivers are loaded by machined", ["machine.udev", "UdevRulesConfig"]],
  ["the system's own volumes have their places and sizes", ["VolumeConfig"]],
  [
    "installations always are for BIOS and UEFI, and the kernel's arguments are in the boot loader's file",
    below("machine.install", "bootloader", "legacyBIOSSupport", "grubUseUKICmdline"),
  ],
  ["extensions are built into images", ["machine.install.extensions"]],
  ["a machine restarts when it is installed", ["UnattendedInstallConfig.reboot"]],
];
