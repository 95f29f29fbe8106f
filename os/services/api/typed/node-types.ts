// What the node is, what runs on it, and what it was told.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  MachineConfigSpecSchema,
  MachineTypeSpecSchema,
  MachineType as Role,
} from "../../../../api/gen/resource/config/config_pb.js";
import { InfoSpecSchema } from "../../../../api/gen/resource/definitions/cluster/cluster_pb.js";
import { RuntimeMachineStage as Stage } from "../../../../api/gen/resource/definitions/enums/enums_pb.js";
import { LayerSchema } from "../../../../api/gen/resource/definitions/extensions/extensions_pb.js";
import {
  BootIDSpecSchema,
  DiagnosticSpecSchema,
  KernelCmdlineSpecSchema,
  KernelModuleSpecSpecSchema,
  KernelParamSpecSpecSchema,
  KernelParamStatusSpecSchema,
  KmsgLogConfigSpecSchema,
  LoadedKernelModuleSpecSchema,
  MachineStatusSpecSchema,
  MetaKeySpecSchema,
  MountStatusSpecSchema,
  PlatformMetadataSpecSchema,
  SecurityStateSpecSchema,
  VersionSpecSchema,
  WatchdogTimerConfigSpecSchema,
  WatchdogTimerStatusSpecSchema,
} from "../../../../api/gen/resource/definitions/runtime/runtime_pb.js";
import { OSRootSpecSchema } from "../../../../api/gen/resource/definitions/secrets/secrets_pb.js";
import { StatusSpecSchema as TimeStatusSpecSchema } from "../../../../api/gen/resource/definitions/time/time_pb.js";
import { ServiceSpecSchema } from "../../../../api/gen/resource/definitions/v1alpha1/v1alpha1_pb.js";
import { type ServedType, servedType } from "../../../../cosi/grpc/served-type.ts";
import { durationMs } from "../../../../machine-config/schema/duration.ts";
import { ClusterInfo } from "../../../resources/cluster.ts";
import { MachineConfig, MachineType } from "../../../resources/config/machine-config.ts";
import { Diagnostic } from "../../../resources/runtime/diagnostic.ts";
import {
  ExtensionStatus,
  KernelCmdline,
  KernelModuleSpec,
  KmsgLogSpec,
  LoadedKernelModule,
  SecurityState,
} from "../../../resources/runtime/kernel.ts";
import { KernelParamSpec, KernelParamStatus } from "../../../resources/runtime/kernel-param.ts";
import { BootId, MachineStatus, Service, Version } from "../../../resources/runtime/node.ts";
import { MetaKey, MountStatus, PlatformMetadata } from "../../../resources/runtime/platform.ts";
import { WatchdogTimerConfig, WatchdogTimerStatus } from "../../../resources/runtime/watchdog.ts";
import { OsRootSecret } from "../../../resources/secrets.ts";
import { TimeStatus } from "../../../resources/time-status.ts";
import { all, ip } from "./addresses.ts";
import { numbers, typed } from "./typed.ts";

const stages = {
  booting: Stage.MACHINE_STAGE_BOOTING,
  installing: Stage.MACHINE_STAGE_INSTALLING,
  maintenance: Stage.MACHINE_STAGE_MAINTENANCE,
  running: Stage.MACHINE_STAGE_RUNNING,
  rebooting: Stage.MACHINE_STAGE_REBOOTING,
  "shutting down": Stage.MACHINE_STAGE_SHUTTING_DOWN,
  resetting: Stage.MACHINE_STAGE_RESETTING,
  upgrading: Stage.MACHINE_STAGE_UPGRADING,
} as const;

const machineType = numbers(
  { init: Role.INIT, controlplane: Role.CONTROL_PLANE, worker: Role.WORKER },
  Role.UNKNOWN,
);

const durationOf = (text: string) => durationFromMs(durationMs(text));

const bytes = (base64: string) => Buffer.from(base64, "base64");

/** Clients edit the text as it was written: their spec is that text, and an annotation says so. */
const machineConfig = servedType(
  MachineConfig,
  {
    encode: ({ yaml }) =>
      toBinary(
        MachineConfigSpecSchema,
        create(MachineConfigSpecSchema, { yamlMarshalled: Buffer.from(yaml) }),
      ),
    decode: (proto) => ({
      yaml: Buffer.from(fromBinary(MachineConfigSpecSchema, proto).yamlMarshalled).toString(),
      from: "the API",
    }),
  },
  ({ yaml }) => ({ yaml, annotations: { "talos.dev/yaml-spec": "1" } }),
);

export const nodeTypes: readonly ServedType[] = [
  machineConfig,
  typed(MachineType, MachineTypeSpecSchema, (type) => ({ machineType: machineType(type) })),
  typed(ClusterInfo, InfoSpecSchema, (spec) => spec),
  typed(Service, ServiceSpecSchema, (spec) => spec),
  typed(MachineStatus, MachineStatusSpecSchema, ({ stage, status }) => ({ stage: stages[stage], status })),
  typed(Version, VersionSpecSchema, (spec) => spec),
  typed(BootId, BootIDSpecSchema, ({ bootID: bootId }) => ({ bootId })),
  typed(TimeStatus, TimeStatusSpecSchema, ({ synced, epoch, syncDisabled }) => ({
    ...{ synced, epoch: BigInt(epoch), syncDisabled },
  })),
  typed(KernelCmdline, KernelCmdlineSpecSchema, (spec) => spec),
  typed(KernelModuleSpec, KernelModuleSpecSpecSchema, (spec) => spec),
  typed(KernelParamSpec, KernelParamSpecSpecSchema, (spec) => spec),
  typed(KernelParamStatus, KernelParamStatusSpecSchema, (spec) => spec),
  typed(KmsgLogSpec, KmsgLogConfigSpecSchema, ({ url }) => ({ destinations: [{ fullPath: url }] })),
  typed(LoadedKernelModule, LoadedKernelModuleSpecSchema, ({ dependencies, state, ...counts }) => ({
    ...{ dependencies, state },
    size: BigInt(counts.size),
    referenceCount: BigInt(counts.referenceCount),
  })),
  typed(SecurityState, SecurityStateSpecSchema, ({ secureBoot, moduleSignatureEnforced }) => ({
    ...{ secureBoot, moduleSignatureEnforced },
  })),
  typed(ExtensionStatus, LayerSchema, ({ metadata }) => ({ metadata })),
  typed(WatchdogTimerConfig, WatchdogTimerConfigSpecSchema, ({ device, timeout }) => ({
    ...{ device, timeout: durationOf(timeout) },
  })),
  typed(WatchdogTimerStatus, WatchdogTimerStatusSpecSchema, ({ device, timeout, feedInterval }) => ({
    ...{ device, timeout: durationOf(timeout), feedInterval: durationOf(feedInterval) },
  })),
  typed(Diagnostic, DiagnosticSpecSchema, (spec) => spec),
  typed(MetaKey, MetaKeySpecSchema, (spec) => spec),
  typed(MountStatus, MountStatusSpecSchema, (spec) => spec),
  typed(PlatformMetadata, PlatformMetadataSpecSchema, (spec) => spec),
  typed(OsRootSecret, OSRootSpecSchema, ({ issuingCA, acceptedCAs, token, ...names }) => ({
    issuingCa: { crt: bytes(issuingCA.crt), key: bytes(issuingCA.key) },
    acceptedCAs: acceptedCAs.map(({ crt }) => ({ crt: bytes(crt) })),
    certSaniPs: all(names.certSANIPs, ip),
    certSandnsNames: names.certSANDNSNames,
    token,
  })),
];
