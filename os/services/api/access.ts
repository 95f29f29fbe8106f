// Who may call what on the machine API.
import type { Call } from "../../../api/grpc/handlers.ts";
import { type Certificate, parseCertificate } from "../../../pki/certificate.ts";
import { type Role, role } from "../../../pki/roles.ts";
import { headerValues } from "./header-values.ts";

/** Who calls: what its certificate says, or what it is given where nobody has one. */
export interface Caller {
  readonly roles: ReadonlySet<string>;
}

const { admin, operator, reader, etcdBackup, imageVerifier, metaWriter } = role;
const admins = [admin] as const;
const operators = [admin, operator] as const;
const readers = [admin, operator, reader] as const;
const etcdReaders = [...readers, etcdBackup] as const;

/** What stands in no row is for nobody. */
const rows: readonly (readonly [service: string, allowed: readonly Role[], methods: string])[] = [
  [
    "machine.MachineService",
    admins,
    `ApplyConfiguration Bootstrap Copy EtcdDowngradeCancel EtcdDowngradeEnable EtcdDowngradeValidate
     EtcdForfeitLeadership EtcdLeaveCluster EtcdRecover EtcdRemoveMemberByID GenerateClientConfiguration Kubeconfig
     Read Reset Rollback Upgrade`,
  ],
  [
    "machine.MachineService",
    operators,
    `EtcdAlarmDisarm EtcdDefragment ImagePull PacketCapture Reboot Restart ServiceRestart ServiceStart ServiceStop
     Shutdown`,
  ],
  ["machine.MachineService", [admin, operator, etcdBackup], "EtcdSnapshot"],
  ["machine.MachineService", etcdReaders, "EtcdAlarmList EtcdMemberList EtcdStatus"],
  ["machine.MachineService", [admin, metaWriter], "MetaDelete MetaWrite"],
  [
    "machine.MachineService",
    readers,
    `Containers CPUFreqStats CPUInfo DiskStats DiskUsage Dmesg Events Hostname ImageList List LoadAvg Logs
     LogsContainers Memory Mounts Netstat NetworkDeviceStats Processes ServiceList Stats SystemStat Version`,
  ],
  ["machine.ImageService", admins, "Import Remove"],
  ["machine.ImageService", operators, "Pull"],
  ["machine.ImageService", readers, "List"],
  ["machine.ImageService", [...readers, imageVerifier], "Verify"],
  ["machine.LifecycleService", admins, "Install Upgrade"],
  ["machine.DebugService", admins, "ContainerRun"],
  ["machine.StorageService", readers, "Statfs"],
  ["machine.LVMService", admins, "LogicalVolumeRemove PhysicalVolumeRemove VolumeGroupRemove"],
  ["machine.MDService", admins, "Destroy"],
  ["storage.StorageService", admins, "BlockDeviceWipe"],
  ["storage.StorageService", readers, "Disks"],
  ["time.TimeService", readers, "Time TimeCheck"],
  ["cluster.ClusterService", readers, "HealthCheck"],
  ["inspect.InspectService", readers, "ControllerRuntimeDependencies"],
  ["cosi.resource.State", readers, "Get List Watch"],
  ["cosi.resource.State", admins, "Create Destroy Teardown TeardownAndDestroy Update"],
];

const allowed = new Map<string, readonly string[]>(
  rows.flatMap(([service, roles, methods]) =>
    methods.split(/\s+/).map((method) => [`/${service}/${method}`, roles] as const),
  ),
);

/** What anyone may do to a machine that has no config yet, besides reading. */
const untilConfigured: ReadonlySet<string> = new Set([
  "/machine.MachineService/ApplyConfiguration",
  "/storage.StorageService/BlockDeviceWipe",
  "/machine.LVMService/LogicalVolumeRemove",
  "/machine.LVMService/PhysicalVolumeRemove",
  "/machine.LVMService/VolumeGroupRemove",
  "/machine.MDService/Destroy",
]);

export function mayCall(
  { roles }: Caller,
  path: string,
  { isConfigured }: { isConfigured: boolean },
): boolean {
  if (!isConfigured && untilConfigured.has(path)) return true;
  return allowed.get(path)?.some((role) => roles.has(role)) ?? false;
}

/** Carries the roles of the client on whose behalf another node calls. */
export const rolesHeader = "talos-role";

/** Who everybody is before there is a config with an authority in it. */
export const anyone: Caller = { roles: new Set([reader]) };

/** Whether a certificate is a client's: for that, and for nothing else. */
export const isClients = (der: Uint8Array | undefined): boolean =>
  der !== undefined && known(der).purposes?.join() === "clientAuth";

/** Undefined for whom the handshake should not have let in. */
export function callerOf({ peer, metadata }: Pick<Call, "peer" | "metadata">): Caller | undefined {
  if (peer.certificate === undefined || !isClients(peer.certificate)) return undefined;
  const certificate = known(peer.certificate);
  const own = new Set(certificate.subject.organization ?? []);
  return { roles: own.has(role.impersonator) ? new Set(headerValues(metadata, rolesHeader)) : own };
}

/** A client shows the same certificate with each of its calls. */
const recent = new Map<string, Certificate>();
const recentCount = 64;

function known(der: Uint8Array): Certificate {
  const key = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString("latin1");
  const found = recent.get(key);
  if (found) return found;
  const certificate = parseCertificate(der);
  if (recent.size >= recentCount) recent.clear();
  recent.set(key, certificate);
  return certificate;
}
