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
import type { MethodName } from "../../block/wipe/method.ts";
import type { WipeResult } from "../../block/wipe/wipe.ts";
import { one } from "./machine/handler.ts";

export interface StorageDependencies {
  readonly disks: () => Promise<readonly Disk[]>;
  /** The name of the disk that the node runs from; undefined when it runs from memory. */
  readonly systemDisk: () => string | undefined;
  /** What uses a device: mounts, RAIDs, volumes. A sentence each. */
  readonly usesOf: (device: string) => Promise<readonly string[]>;
  readonly wipe: (device: string, methods: readonly MethodName[], signal: AbortSignal) => Promise<WipeResult>;
}

const methods: Readonly<Record<Method, readonly MethodName[]>> = {
  [Method.FAST]: ["fast"],
  [Method.ZEROES]: ["zero", "overwrite"],
};

export function storageService(deps: StorageDependencies): ServedService {
  return serve(StorageService, {
    async disks() {
      const systemDisk = deps.systemDisk();
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
      for (const device of devices) await refuseInUse(device);
      for (const { device, method } of devices) {
        const result = await deps.wipe(`/dev/${device}`, methods[method] ?? [], signal);
        if (result.outcome === "wiped") continue;
        throw new GrpcError(
          "internal",
          `failed to wipe block device ${JSON.stringify(device)}: ${result.why}`,
        );
      }
      return one({});
    },
  });

  async function refuseInUse({ device, skipVolumeCheck }: BlockDeviceWipeDescriptor): Promise<void> {
    const name = JSON.stringify(device);
    if (!/^[\w!.-]+$/.test(device))
      throw new GrpcError("invalidArgument", `${name} is no block device's name`);
    const disks = await deps.disks();
    const disk = disks.find(({ devPath }) => basename(devPath) === device);
    if (!disk) throw new GrpcError("notFound", `blockdevice ${name} not found`);
    const refuse = (why: string) => {
      throw new GrpcError("failedPrecondition", `blockdevice ${name} ${why}`);
    };
    if (disk.readOnly) refuse("is read-only");
    if (disk.cdrom) refuse("is a CD-ROM");
    if (device === deps.systemDisk()) refuse("is the system disk");
    const [use] = await deps.usesOf(device);
    if (use !== undefined && !skipVolumeCheck) refuse(`is in use: ${use}`);
  }
}

function typeOf({ cdrom, transport, rotational }: Disk): DiskType {
  if (cdrom) return DiskType.CD;
  if (transport === "nvme") return DiskType.NVME;
  if (transport === "mmc") return DiskType.SD;
  if (rotational) return DiskType.HDD;
  return transport === "unknown" ? DiskType.UNKNOWN : DiskType.SSD;
}
