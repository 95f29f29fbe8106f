// What a virtual link of some kind can be told (Linux, include/uapi/linux/if_link.h).
import { u8, u16le, u32le } from "../../../wire/integers.ts";
import { oneOf } from "../../../wire/one-of.ts";
import { ipAddress } from "./address.ts";
import { attributeList, attributes } from "./attributes.ts";

export const vlanData = attributes({ id: [1, u16le] });

export const vrfData = attributes({ table: [1, u32le] });

export const bridgeData = attributes({ stp: [5, u32le], vlanFiltering: [7, u8] });

const flag = oneOf(u8, { off: 0, on: 1 });

export const bondData = attributes({
  mode: [
    1,
    oneOf(u8, {
      "balance-rr": 0,
      "active-backup": 1,
      "balance-xor": 2,
      broadcast: 3,
      "802.3ad": 4,
      "balance-tlb": 5,
      "balance-alb": 6,
    }),
  ],
  miimon: [3, u32le],
  updelay: [4, u32le],
  downdelay: [5, u32le],
  useCarrier: [6, u8],
  arpInterval: [7, u32le],
  arpIpTargets: [8, attributeList(ipAddress)],
  arpValidate: [
    9,
    oneOf(u32le, {
      ...{ none: 0, active: 1, backup: 2, all: 3 },
      ...{ filter: 4, "filter-active": 5, "filter-backup": 6 },
    }),
  ],
  arpAllTargets: [10, oneOf(u32le, { any: 0, all: 1 })],
  primaryReselect: [12, oneOf(u8, { always: 0, better: 1, failure: 2 })],
  failOverMac: [13, oneOf(u8, { none: 0, active: 1, follow: 2 })],
  xmitHashPolicy: [
    14,
    oneOf(u8, {
      layer2: 0,
      "layer3+4": 1,
      "layer2+3": 2,
      "encap2+3": 3,
      "encap3+4": 4,
      "vlan+srcmac": 5,
    }),
  ],
  resendIgmp: [15, u32le],
  numPeerNotif: [16, u8],
  allSlavesActive: [17, u8],
  minLinks: [18, u32le],
  lpInterval: [19, u32le],
  packetsPerSlave: [20, u32le],
  lacpRate: [21, oneOf(u8, { slow: 0, fast: 1 })],
  adSelect: [22, oneOf(u8, { stable: 0, bandwidth: 1, count: 2 })],
  adActorSysPrio: [24, u16le],
  adUserPortKey: [25, u16le],
  tlbDynamicLb: [27, u8],
  peerNotifDelay: [28, u32le],
  adLacpActive: [29, flag],
  missedMax: [30, u8],
});
