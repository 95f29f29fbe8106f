import {
  NethelpersDuplex as Duplex,
  NethelpersLinkType as LinkType,
  NethelpersOperationalState as OperationalState,
  NethelpersPort as Port,
  NethelpersVLANProtocol as VlanProtocol,
} from "../../../../api/gen/resource/definitions/enums/enums_pb.js";
import {
  LinkAliasSpecSpecSchema,
  LinkSpecSpecSchema,
  LinkStatusSpecSchema,
} from "../../../../api/gen/resource/definitions/network/links_pb.js";
import type { ServedType } from "../../../../cosi/grpc/served-type.ts";
import type { SpecOf } from "../../../../cosi/resource.ts";
import { linkFlags } from "../../../kernel/netlink/link.ts";
import {
  adSelects,
  arpTargetCounts,
  arpValidations,
  type BondSettings,
  bondModes,
  failOverMacs,
  hashPolicies,
  LinkSpec,
  LinkStatus,
  lacpRates,
  primaryReselects,
  switches,
} from "../../../resources/network/link.ts";
import { LinkAliasSpec } from "../../../resources/network/link-alias.ts";
import { all, hardwareAddress, ip } from "./addresses.ts";
import { configLayer, nameOf } from "./config-layer.ts";
import { routingTables } from "./routing-tables.ts";
import { numbers, typed } from "./typed.ts";

/** As the kernel numbers them, and upstream's message with it. */
const flagsOf = ({
  up,
  multicast,
  linkState,
}: Pick<SpecOf<typeof LinkStatus>, "up" | "multicast" | "linkState">) =>
  (up ? linkFlags.up : 0) | (multicast ? linkFlags.multicast : 0) | (linkState ? linkFlags.lowerUp : 0);

const operationalState = numbers(
  {
    notPresent: OperationalState.OPER_STATE_NOT_PRESENT,
    down: OperationalState.OPER_STATE_DOWN,
    lowerLayerDown: OperationalState.OPER_STATE_LOWER_LAYER_DOWN,
    testing: OperationalState.OPER_STATE_TESTING,
    dormant: OperationalState.OPER_STATE_DORMANT,
    up: OperationalState.OPER_STATE_UP,
  },
  OperationalState.OPER_STATE_UNKNOWN,
);

const duplexes = numbers({ Half: Duplex.HALF, Full: Duplex.FULL }, Duplex.UNKNOWN);

const linkType = numbers(
  {
    ether: LinkType.LINK_ETHER,
    infiniband: LinkType.LINK_INFINIBAND,
    ppp: LinkType.LINK_PPP,
    ipip: LinkType.LINK_TUNNEL,
    tunnel6: LinkType.LINK_TUNNEL6,
    loopback: LinkType.LINK_LOOPBCK,
    sit: LinkType.LINK_SIT,
    gre: LinkType.LINK_IPGRE,
    ip6gre: LinkType.LINK_IP6GRE,
    nohdr: LinkType.LINK_NONE,
  },
  LinkType.LINK_VOID,
);

const kinds = ["bond", "vlan", "bridge", "dummy", "vrf", "wireguard"] as const;
const kindOf = (spec: SpecOf<typeof LinkSpec>) => kinds.find((kind) => spec[kind]) ?? "";

const place = <Word extends string>(words: readonly Word[], word: Word | undefined) =>
  word === undefined ? 0 : words.indexOf(word);

const bondMaster = (bond: BondSettings) => ({
  mode: place(bondModes, bond.mode),
  hashPolicy: place(hashPolicies, bond.xmitHashPolicy),
  lacpRate: place(lacpRates, bond.lacpRate),
  primaryReselect: place(primaryReselects, bond.primaryReselect),
  failOverMac: place(failOverMacs, bond.failOverMac),
  adSelect: place(adSelects, bond.adSelect),
  adlacpActive: place(switches, bond.adLacpActive),
  miiMon: bond.miimon,
  upDelay: bond.updelay ?? 0,
  downDelay: bond.downdelay ?? 0,
  resendIgmp: bond.resendIgmp ?? 0,
  minLinks: bond.minLinks ?? 0,
  lpInterval: bond.lpInterval ?? 0,
  packetsPerSlave: bond.packetsPerSlave ?? 0,
  numPeerNotif: bond.numPeerNotif ?? 0,
  useCarrier: bond.useCarrier ?? false,
  peerNotifyDelay: bond.peerNotifDelay ?? 0,
  missedMax: bond.missedMax ?? 0,
  arpInterval: bond.arpInterval ?? 0,
  arpipTargets: all(bond.arpIpTargets ?? [], ip),
  arpValidate: place(arpValidations, bond.arpValidate),
  arpAllTargets: place(arpTargetCounts, bond.arpAllTargets),
  allSlavesActive: bond.allSlavesActive ?? 0,
  adActorSysPrio: bond.adActorSysPrio ?? 0,
  adUserPortKey: bond.adUserPortKey ?? 0,
  tlbDynamicLb: bond.tlbDynamicLb ?? 0,
});

export const linkTypes: readonly ServedType[] = [
  typed(LinkAliasSpec, LinkAliasSpecSpecSchema, (spec) => spec),
  // Of what kind its master is stands with the master: a member does not say it.
  typed(LinkSpec, LinkSpecSpecSchema, (spec, key) => {
    const { up, mtu = 0, multicast = false, hardwareAddr = "", bond, vlan, bridge, vrf } = spec;
    const kind = kindOf(spec);
    return {
      ...{ name: nameOf(key), logical: kind !== "", up, mtu, kind, type: LinkType.LINK_ETHER },
      ...{ multicast, hardwareAddress: hardwareAddress(hardwareAddr) },
      ...(vlan && {
        parentName: vlan.parent,
        vlan: { vid: vlan.id, protocol: VlanProtocol.VLAN_PROTOCOL8021_Q },
      }),
      ...(bond && { bondMaster: bondMaster(bond) }),
      ...(bridge && {
        bridgeMaster: { stp: { enabled: bridge.stp }, vlan: { filteringEnabled: bridge.vlanFiltering } },
      }),
      ...(vrf && { vrfMaster: { table: routingTables(String(vrf.table)) } }),
      configLayer: configLayer(key),
    };
  }),
  typed(
    LinkStatus,
    LinkStatusSpecSchema,
    ({ index, linkIndex, masterIndex, mtu, kind, slaveKind, ...spec }) => ({
      ...{ index, linkIndex, masterIndex, mtu, kind, slaveKind },
      type: linkType(spec.type),
      flags: flagsOf(spec),
      hardwareAddr: hardwareAddress(spec.hardwareAddr),
      permanentAddr: hardwareAddress(spec.permanentAddr),
      alias: spec.alias ?? "",
      operationalState: operationalState(spec.operationalState),
      ...{ busPath: spec.busPath, pciid: spec.pciID, driver: spec.driver, linkState: spec.linkState },
      speedMegabits: BigInt(spec.speedMbit),
      port: Port.OTHER,
      duplex: duplexes(spec.duplex),
    }),
  ),
];
