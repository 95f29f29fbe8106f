import * as z from "zod";
import { network } from "../declare.ts";

// The lists are in the kernel's order: a place in one is its number.
export const bondModes = [
  "balance-rr",
  "active-backup",
  "balance-xor",
  "broadcast",
  "802.3ad",
  "balance-tlb",
  "balance-alb",
] as const;
export const hashPolicies = [
  "layer2",
  "layer3+4",
  "layer2+3",
  "encap2+3",
  "encap3+4",
  "vlan+srcmac",
] as const;
export const lacpRates = ["slow", "fast"] as const;
export const failOverMacs = ["none", "active", "follow"] as const;
export const adSelects = ["stable", "bandwidth", "count"] as const;
export const primaryReselects = ["always", "better", "failure"] as const;
export const arpValidations = [
  "none",
  "active",
  "backup",
  "all",
  "filter",
  "filter-active",
  "filter-backup",
] as const;
export const arpTargetCounts = ["any", "all"] as const;
export const switches = ["off", "on"] as const;

export const bondSettings = z.strictObject({
  mode: z.enum(bondModes),
  /** How often the carrier of the members is looked at. */
  miimon: z.int().nonnegative(),
  updelay: z.int().nonnegative().optional(),
  downdelay: z.int().nonnegative().optional(),
  xmitHashPolicy: z.enum(hashPolicies).optional(),
  lacpRate: z.enum(lacpRates).optional(),
  minLinks: z.int().nonnegative().optional(),
  failOverMac: z.enum(failOverMacs).optional(),
  adSelect: z.enum(adSelects).optional(),
  primaryReselect: z.enum(primaryReselects).optional(),
  useCarrier: z.boolean().optional(),
  adLacpActive: z.enum(switches).optional(),
  resendIgmp: z.int().nonnegative().optional(),
  numPeerNotif: z.int().nonnegative().optional(),
  lpInterval: z.int().nonnegative().optional(),
  packetsPerSlave: z.int().nonnegative().optional(),
  peerNotifDelay: z.int().nonnegative().optional(),
  arpInterval: z.int().nonnegative().optional(),
  arpIpTargets: z.array(z.string()).optional(),
  arpValidate: z.enum(arpValidations).optional(),
  arpAllTargets: z.enum(arpTargetCounts).optional(),
  allSlavesActive: z.int().nonnegative().optional(),
  adActorSysPrio: z.int().nonnegative().optional(),
  adUserPortKey: z.int().nonnegative().optional(),
  tlbDynamicLb: z.int().nonnegative().optional(),
  missedMax: z.int().nonnegative().optional(),
});
export type BondSettings = z.output<typeof bondSettings>;

const bridgeSettings = z.strictObject({ stp: z.boolean(), vlanFiltering: z.boolean() });
export type BridgeSettings = z.output<typeof bridgeSettings>;

/** How a link shall be. Id: its name. */
export const LinkSpec = network(
  "LinkSpecs",
  z.strictObject({
    up: z.boolean(),
    mtu: z.int().positive().optional(),
    multicast: z.boolean().optional(),
    hardwareAddr: z.string().optional(),
    /** The bond or bridge that it is a member of. */
    master: z.string().optional(),
    bond: bondSettings.optional(),
    vlan: z.strictObject({ parent: z.string(), id: z.int().min(1).max(4094) }).optional(),
    bridge: bridgeSettings.optional(),
    dummy: z.boolean().optional(),
    /** Of its members' packets only its own table says where they go. */
    vrf: z.strictObject({ table: z.int() }).optional(),
    /** Its keys and peers are in its WireguardSpec. */
    wireguard: z.boolean().optional(),
  }),
  { columns: { Up: "{.up}", MTU: "{.mtu}" } },
);

/** A link as the kernel has it. Id: its name. */
export const LinkStatus = network(
  "LinkStatuses",
  z.strictObject({
    index: z.int(),
    type: z.string(),
    /** What kind of virtual link it is: bond, vlan, veth …; empty for hardware. */
    kind: z.string(),
    slaveKind: z.string(),
    linkIndex: z.int(),
    masterIndex: z.int(),
    hardwareAddr: z.string(),
    permanentAddr: z.string(),
    /** What it is called besides. */
    alias: z.string().optional(),
    mtu: z.int(),
    operationalState: z.string(),
    multicast: z.boolean(),
    /** Set up by somebody. */
    up: z.boolean(),
    /** There is a cable with somebody at its other end. */
    linkState: z.boolean(),
    physical: z.boolean(),
    driver: z.string(),
    busPath: z.string(),
    /** `VENDOR:DEVICE`, as PCI numbers them. */
    pciID: z.string(),
    speedMbit: z.int(),
    duplex: z.string(),
  }),
  {
    aliases: ["link", "links"],
    columns: {
      Type: "{.type}",
      Kind: "{.kind}",
      "Hw Addr": "{.hardwareAddr}",
      "Oper State": "{.operationalState}",
      "Link State": "{.linkState}",
    },
  },
);
