// The resources that clients may look at.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { MachineConfigSpecSchema } from "../../../api/gen/resource/config/config_pb.js";
import { type ServedType, servedType } from "../../../cosi/grpc/served-type.ts";
import { SystemDisk, VolumeStatus } from "../../resources/block.ts";
import { ClusterInfo } from "../../resources/cluster.ts";
import { MachineConfig, MachineType } from "../../resources/config/machine-config.ts";
import { Disk } from "../../resources/hardware/disk.ts";
import { MemoryModule, PciDevice, Processor, SystemInformation } from "../../resources/hardware/machine.ts";
import { AddressSpec, AddressStatus } from "../../resources/network/address.ts";
import { ConfiguredLinks } from "../../resources/network/configured-links.ts";
import { DhcpLease, OperatorSpec } from "../../resources/network/dhcp.ts";
import { HostEntries } from "../../resources/network/host-entries.ts";
import { LinkSpec, LinkStatus } from "../../resources/network/link.ts";
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
import { AgentStatus } from "../../resources/runtime/agent.ts";
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
import { Upgrade } from "../../resources/runtime/upgrade.ts";
import { UserFileStatus } from "../../resources/runtime/user-file.ts";
import { OsRootSecret } from "../../resources/secrets.ts";
import { TimeStatus, TimeSyncSpec } from "../../resources/time-status.ts";

/** Clients edit the text as it was written: their spec is that text, and an annotation says so. */
const machineConfig = servedType(
  MachineConfig,
  {
    encode: ({ yaml }) =>
      toBinary(
        MachineConfigSpecSchema,
        create(MachineConfigSpecSchema, { yamlMarshalled: Buffer.from(yaml) }),
      ),
    decode: (bytes) => ({
      yaml: Buffer.from(fromBinary(MachineConfigSpecSchema, bytes).yamlMarshalled).toString(),
      from: "the API",
    }),
  },
  ({ yaml }) => ({ yaml, annotations: { "talos.dev/yaml-spec": "1" } }),
);

export const resourceTypes: readonly ServedType[] = [
  machineConfig,
  ...[
    AddressSpec,
    AddressStatus,
    AgentStatus,
    BootId,
    ClusterInfo,
    ConfiguredLinks,
    DhcpLease,
    Disk,
    ExtensionStatus,
    HostEntries,
    HostnameSpec,
    HostnameStatus,
    KernelCmdline,
    KernelModuleSpec,
    KernelParamDefault,
    KernelParamSpec,
    KernelParamStatus,
    KmsgLogSpec,
    LinkNeighbor,
    LinkSpec,
    LinkStatus,
    LoadedKernelModule,
    LogDestinationSpec,
    MachineStage,
    MachineStatus,
    MachineType,
    MemoryModule,
    MetaKey,
    MountStatus,
    NetworkStatus,
    NodeAddress,
    OperatorSpec,
    OsRootSecret,
    PciDevice,
    PlatformMetadata,
    Processor,
    ResolverSpec,
    ResolverStatus,
    RouteSpec,
    RouteStatus,
    SecurityState,
    Service,
    SystemDisk,
    SystemInformation,
    TimeServerSpec,
    TimeServerStatus,
    TimeStatus,
    TimeSyncSpec,
    Upgrade,
    UserFileStatus,
    Version,
    VolumeStatus,
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
