import { basename } from "node:path";
import {
  type BlockDeviceWipeDescriptor,
  Disk_DiskType as DiskType,
  BlockDeviceWipeDescriptor_Method as Method,
  StorageService,
} from "../../../api/gen/storage/storage_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import { type ServedService, serve } from "../../../api/grpc/serve.ts";
import type { Disk } from "../../block/disks.ts";
import type { PartitionOfDisk } from "../../block/partition.ts";
import type { MethodName } from "../../block/wipe/method.ts";
import type { WipeResult } from "../../block/wipe/wipe.ts";
import { isSystemPartition } from "../../install/layout.ts";
import { one } from "./machine/handler.ts";

export interface StorageDependencies {
  readonly disks: () => Promise<readonly Disk[]>;
  /** The name of the disk that holds a system; undefined when none does. */
  readonly systemDisk: () => Promise<string | undefined>;
  readonly partitionNamed: (name: string) => Promise<PartitionOfDisk | undefined>;
  /** What uses a device: mounts, RAIDs, volumes. A sentence each. */
  readonly usesOf: (device: string) => Promise<readonly string[]>;
  readonly dropPartition: (disk: Disk, number: number) => Promise<void>;
  readonly wipe: (device: string, methods: readonly MethodName[], signal: AbortSignal) => Promise<WipeResult>;
}

const methods: Readonly<Record<Method, readonly MethodName[]>> = {
  [Method.FAST]: ["fast"],
  [Method.ZEROES]: ["zero", "overwrite"],
};

export function storageService(deps: StorageDependencies): ServedService {
  return serve(StorageService, {
    async disks() {
      const systemDisk = await deps.systemDisk();
      const disks = (await deps.disks()).map((disk) => ({
        size: BigInt(disk.sizeBytes),
        model: disk.model,
        deviceName: disk.devPath,
        serial: disk.serial,
        wwid: disk.wwid,
        type: typeOf(disk),
        busPath: disk.busPath,
        systemDisk: basename(disk.devPath) === systemDisk,
        subsystem: "/sys/class/block",
        readonly: disk.readOnly,
      }));
      return one({ disks });
    },

    // All are looked at before the first is touched.
    async blockDeviceWipe({ devices }, { signal }) {
      const found = await Promise.all(devices.map(async (asked) => ({ ...asked, ...(await unused(asked)) })));
      for (const { device, method, dropPartition, disk, number } of found) {
        const result = await deps.wipe(`/dev/${device}`, methods[method] ?? [], signal);
        if (result.outcome !== "wiped")
          throw new GrpcError(
            "internal",
            `failed to wipe block device ${JSON.stringify(device)}: ${result.why}`,
          );
        if (dropPartition && number !== undefined) await deps.dropPartition(disk, number);
      }
      return one({});
    },
  });

  /** What may be wiped: a disk, or a partition of one. */
  async function unused({
    device,
    skipVolumeCheck,
  }: BlockDeviceWipeDescriptor): Promise<{ readonly disk: Disk; readonly number: number | undefined }> {
    const name = JSON.stringify(device);
    if (!/^[\w!.-]+$/.test(device))
      throw new GrpcError("invalidArgument", `${name} is no block device's name`);
    const disks = await deps.disks();
    const diskNamed = (wanted: string | undefined) =>
      disks.find(({ devPath }) => basename(devPath) === wanted);
    const partition = await deps.partitionNamed(device);
    const disk = diskNamed(partition?.disk ?? device);
    if (!disk) throw new GrpcError("notFound", `blockdevice ${name} not found`);
    const refuse = (why: string) => {
      throw new GrpcError("failedPrecondition", `blockdevice ${name} ${why}`);
    };
    if (disk.readOnly) refuse("is read-only");
    if (disk.cdrom) refuse("is a CD-ROM");
    const isSystemDisk = basename(disk.devPath) === (await deps.systemDisk());
    if (isSystemDisk && !partition) refuse("is the system disk");
    if (isSystemDisk && partition && isSystemPartition(partition.number)) refuse("is part of the system");
    const [use] = await deps.usesOf(device);
    if (use !== undefined && !skipVolumeCheck) refuse(`is in use: ${use}`);
    return { disk, number: partition?.number };
  }
}

function typeOf({ cdrom, transport, rotational }: Disk): DiskType {
  if (cdrom) return DiskType.CD;
  if (transport === "nvme") return DiskType.NVME;
  if (transport === "mmc") return DiskType.SD;
  if (rotational) return DiskType.HDD;
  return transport === "unknown" ? DiskType.UNKNOWN : DiskType.SSD;
}
