import { duration, flag, integer, text, u8, u16, u32 } from "../schema/scalars.ts";
import { keyedList, list, section, zeroCounts } from "../schema/section.ts";

const deviceSelector = section({
  busPath: text,
  hardwareAddr: text,
  permanentAddr: text,
  pciID: text,
  driver: text,
  physical: flag,
});

const route = section({ network: text, gateway: text, source: text, metric: u32, mtu: u32 });

const bond = section({
  interfaces: list(text),
  deviceSelectors: list(deviceSelector),
  arpIPTarget: list(text),
  mode: text,
  xmitHashPolicy: text,
  lacpRate: text,
  adActorSystem: text,
  arpValidate: text,
  arpAllTargets: text,
  primary: text,
  primaryReselect: text,
  failOverMac: text,
  adSelect: text,
  miimon: u32,
  updelay: u32,
  downdelay: u32,
  arpInterval: u32,
  resendIgmp: u32,
  minLinks: u32,
  lpInterval: u32,
  packetsPerSlave: u32,
  numPeerNotif: u8,
  tlbDynamicLb: u8,
  allSlavesActive: u8,
  useCarrier: flag,
  adActorSysPrio: u16,
  adUserPortKey: u16,
  peerNotifyDelay: u32,
});

const dhcpOptions = section({ routeMetric: u32, ipv4: flag, ipv6: flag, duidv6: text });

const vip = section({
  ip: text,
  equinixMetal: section({ apiToken: text }),
  hcloud: section({ apiToken: text }),
});

const vlan = section({
  addresses: list(text),
  cidr: text,
  routes: list(route),
  dhcp: flag,
  vlanId: u16,
  mtu: u32,
  vip,
  dhcpOptions,
});

const wireguard = section({
  privateKey: text,
  listenPort: integer,
  firewallMark: integer,
  peers: list(
    section({
      publicKey: text,
      endpoint: text,
      persistentKeepaliveInterval: duration,
      allowedIPs: list(text),
    }),
  ),
});

export const networkDevice = section({
  interface: text,
  deviceSelector,
  addresses: list(text),
  cidr: text,
  routes: list(route),
  bond,
  bridge: section({
    interfaces: list(text),
    stp: section({ enabled: flag }),
    vlan: section({ vlanFiltering: flag }),
  }),
  bridgePort: section({ master: text }),
  vlans: keyedList(vlan, ["vlanId"]),
  mtu: integer,
  dhcp: flag,
  ignore: flag,
  dummy: flag,
  dhcpOptions,
  wireguard,
  vip,
});

export const network = section({
  hostname: text,
  interfaces: keyedList(networkDevice, ["interface", "deviceSelector"]),
  nameservers: list(text),
  searchDomains: list(text),
  extraHostEntries: list(section({ ip: text, aliases: list(text) })),
  kubespan: section({
    enabled: flag,
    advertiseKubernetesNetworks: flag,
    allowDownPeerBypass: flag,
    harvestExtraEndpoints: flag,
    mtu: zeroCounts(u32),
    filters: section({ endpoints: list(text), excludeAdvertisedNetworks: list(text) }),
  }),
  disableSearchDomain: flag,
});
