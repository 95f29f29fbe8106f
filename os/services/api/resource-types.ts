// The resources that clients may look at.
import { type ServedType, servedType } from "../../../cosi/grpc/served-type.ts";
import { ConfiguredLinks } from "../../resources/network/configured-links.ts";
import { DhcpLease } from "../../resources/network/dhcp.ts";
import { HostEntries } from "../../resources/network/host-entries.ts";
import { LinkNeighbor } from "../../resources/network/neighbor.ts";
import { RoutingRuleSpec } from "../../resources/network/routing-rule.ts";
import { WireguardSpec } from "../../resources/network/wireguard.ts";
import { AgentStatus } from "../../resources/runtime/agent.ts";
import { KernelParamDefault } from "../../resources/runtime/kernel-param.ts";
import { LogDestinationSpec } from "../../resources/runtime/log-destination.ts";
import { MachineStage } from "../../resources/runtime/node.ts";
import { TrustedRoots } from "../../resources/runtime/trusted-roots.ts";
import { Upgrade } from "../../resources/runtime/upgrade.ts";
import { UserFileStatus } from "../../resources/runtime/user-file.ts";
import { TimeSyncSpec } from "../../resources/time-status.ts";
import { ethernetTypes } from "./typed/ethernet-types.ts";
import { hardwareTypes } from "./typed/hardware-types.ts";
import { linkTypes } from "./typed/link-types.ts";
import { networkTypes } from "./typed/network-types.ts";
import { nodeTypes } from "./typed/node-types.ts";

export const resourceTypes: readonly ServedType[] = [
  ...nodeTypes,
  ...hardwareTypes,
  ...linkTypes,
  ...ethernetTypes,
  ...networkTypes,
  // What only we have.
  ...[
    AgentStatus,
    ConfiguredLinks,
    DhcpLease,
    HostEntries,
    KernelParamDefault,
    LinkNeighbor,
    RoutingRuleSpec,
    LogDestinationSpec,
    MachineStage,
    TimeSyncSpec,
    TrustedRoots,
    Upgrade,
    UserFileStatus,
    WireguardSpec,
  ].map((type) => servedType(type)),
];

export const resourceNamespaces: Readonly<Record<string, string>> = {
  cluster: "What the machine is a member of.",
  config: "What the machine was told.",
  hardware: "What the machine is made of.",
  network: "How the machine is connected.",
  "network-config": "How each layer of the configuration asks for the network to be.",
  runtime: "What runs on the machine.",
  secrets: "What makes the machine trusted.",
};
