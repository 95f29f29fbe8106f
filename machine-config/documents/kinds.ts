import { blackholeRouteConfig } from "./blackhole-route-config.ts";
import { bondConfig } from "./bond-config.ts";
import { bridgeConfig } from "./bridge-config.ts";
import { dhcpv4Config } from "./dhcpv4-config.ts";
import { dhcpv6Config } from "./dhcpv6-config.ts";
import type { DocumentKind } from "./document-kind.ts";
import { dummyLinkConfig } from "./dummy-link-config.ts";
import { environmentConfig } from "./environment-config.ts";
import { ethernetConfig } from "./ethernet-config.ts";
import { eventSinkConfig } from "./event-sink-config.ts";
import { existingVolumeConfig } from "./existing-volume-config.ts";
import { extensionServiceConfig } from "./extension-service-config.ts";
import { externalVolumeConfig } from "./external-volume-config.ts";
import { hcloudVipConfig } from "./hcloud-vip-config.ts";
import { hostnameConfig } from "./hostname-config.ts";
import { imageVerificationConfig } from "./image-verification-config.ts";
import { kernelModuleConfig } from "./kernel-module-config.ts";
import { kmsgLogConfig } from "./kmsg-log-config.ts";
import { kubeSpanConfig } from "./kube-span-config.ts";
import { kubeSpanEndpointsConfig } from "./kube-span-endpoints-config.ts";
import { layer2VipConfig } from "./layer2-vip-config.ts";
import { linkAliasConfig } from "./link-alias-config.ts";
import { linkConfig } from "./link-config.ts";
import { networkDefaultActionConfig } from "./network-default-action-config.ts";
import { networkRuleConfig } from "./network-rule-config.ts";
import { oomConfig } from "./oom-config.ts";
import { pciDriverRebindConfig } from "./pci-driver-rebind-config.ts";
import { rawVolumeConfig } from "./raw-volume-config.ts";
import { registryAuthConfig } from "./registry-auth-config.ts";
import { registryMirrorConfig } from "./registry-mirror-config.ts";
import { registryTlsConfig } from "./registry-tls-config.ts";
import { resolverConfig } from "./resolver-config.ts";
import { routingRuleConfig } from "./routing-rule-config.ts";
import { sideroLinkConfig } from "./sidero-link-config.ts";
import { staticHostConfig } from "./static-host-config.ts";
import { swapVolumeConfig } from "./swap-volume-config.ts";
import { sysctlConfig } from "./sysctl-config.ts";
import { sysfsConfig } from "./sysfs-config.ts";
import { tcpProbeConfig } from "./tcp-probe-config.ts";
import { timeSyncConfig } from "./time-sync-config.ts";
import { trustedRootsConfig } from "./trusted-roots-config.ts";
import { udevRulesConfig } from "./udev-rules-config.ts";
import { unattendedInstallConfig } from "./unattended-install-config.ts";
import { userVolumeConfig } from "./user-volume-config.ts";
import { vlanConfig } from "./vlan-config.ts";
import { volumeConfig } from "./volume-config.ts";
import { vrfConfig } from "./vrf-config.ts";
import { watchdogTimerConfig } from "./watchdog-timer-config.ts";
import { wireguardConfig } from "./wireguard-config.ts";
import { zswapConfig } from "./zswap-config.ts";

/** Every kind of document beside the v1alpha1 one. */
export const documentKinds = [
  blackholeRouteConfig,
  bondConfig,
  bridgeConfig,
  dhcpv4Config,
  dhcpv6Config,
  dummyLinkConfig,
  environmentConfig,
  ethernetConfig,
  eventSinkConfig,
  existingVolumeConfig,
  extensionServiceConfig,
  externalVolumeConfig,
  hcloudVipConfig,
  hostnameConfig,
  imageVerificationConfig,
  kernelModuleConfig,
  kmsgLogConfig,
  kubeSpanConfig,
  kubeSpanEndpointsConfig,
  layer2VipConfig,
  linkAliasConfig,
  linkConfig,
  networkDefaultActionConfig,
  networkRuleConfig,
  oomConfig,
  pciDriverRebindConfig,
  rawVolumeConfig,
  registryAuthConfig,
  registryMirrorConfig,
  registryTlsConfig,
  resolverConfig,
  routingRuleConfig,
  sideroLinkConfig,
  staticHostConfig,
  swapVolumeConfig,
  sysctlConfig,
  sysfsConfig,
  tcpProbeConfig,
  timeSyncConfig,
  trustedRootsConfig,
  udevRulesConfig,
  unattendedInstallConfig,
  userVolumeConfig,
  vlanConfig,
  volumeConfig,
  vrfConfig,
  watchdogTimerConfig,
  wireguardConfig,
  zswapConfig,
] as const satisfies readonly DocumentKind[];
