import * as z from "zod";
import { address, flag, hardwareAddress, text, u8, u16, u32 } from "../schema/scalars.ts";
import { list, zeroCounts } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";
import { commonLink, linkRules } from "./link.ts";

const count = zeroCounts(u32);
const choice = zeroCounts(u8);

export const bondConfig = documentKind({
  kind: "BondConfig",
  named: true,
  fields: {
    hardwareAddr: hardwareAddress,
    links: list(text),
    bondMode: z.enum([
      "balance-rr",
      "active-backup",
      "balance-xor",
      "broadcast",
      "802.3ad",
      "balance-tlb",
      "balance-alb",
    ]),
    miimon: count,
    updelay: count,
    downdelay: count,
    useCarrier: flag,
    xmitHashPolicy: z.enum(["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"]),
    arpInterval: count,
    arpIpTargets: list(address),
    nsIp6Targets: list(address),
    arpValidate: z.enum(["none", "active", "backup", "all", "filter", "filter-active", "filter-backup"]),
    arpAllTargets: z.enum(["any", "all"]),
    lacpRate: z.enum(["slow", "fast"]),
    failOverMac: z.enum(["none", "active", "follow"]),
    adSelect: z.enum(["stable", "bandwidth", "count"]),
    adActorSysPrio: zeroCounts(u16),
    adUserPortKey: zeroCounts(u16),
    adLACPActive: z.enum(["on", "off"]),
    primaryReselect: z.enum(["always", "better", "failure"]),
    resendIGMP: count,
    minLinks: count,
    lpInterval: count,
    packetsPerSlave: count,
    numPeerNotif: choice,
    tlbLogicalLb: choice,
    allSlavesActive: choice,
    peerNotifDelay: count,
    missedMax: choice,
    ...commonLink,
  },
  required: ["links", "bondMode"],
  rules: linkRules,
});
