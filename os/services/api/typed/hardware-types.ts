// What the machine is made of, and what is on its disks.
import {
  DiskSpecSchema,
  SystemDiskSpecSchema,
  VolumeStatusSpecSchema,
} from "../../../../api/gen/resource/definitions/block/block_pb.js";
import {
  BlockFilesystemType as Filesystem,
  BlockVolumePhase as Phase,
  BlockVolumeType as VolumeType,
} from "../../../../api/gen/resource/definitions/enums/enums_pb.js";
import {
  MemoryModuleSpecSchema,
  PCIDeviceSpecSchema,
  ProcessorSpecSchema,
  SystemInformationSpecSchema,
} from "../../../../api/gen/resource/definitions/hardware/hardware_pb.js";
import type { ServedType } from "../../../../cosi/grpc/served-type.ts";
import { SystemDisk, VolumeStatus } from "../../../resources/block.ts";
import { Disk } from "../../../resources/hardware/disk.ts";
import {
  MemoryModule,
  PciDevice,
  Processor,
  SystemInformation,
} from "../../../resources/hardware/machine.ts";
import { numbers, typed } from "./typed.ts";

const filesystem = numbers(
  {
    xfs: Filesystem.FILESYSTEM_TYPE_XFS,
    vfat: Filesystem.FILESYSTEM_TYPE_VFAT,
    ext4: Filesystem.FILESYSTEM_TYPE_EXT4,
    iso9660: Filesystem.FILESYSTEM_TYPE_ISO9660,
    swap: Filesystem.FILESYSTEM_TYPE_SWAP,
  },
  Filesystem.FILESYSTEM_TYPE_NONE,
);

const phases = { ready: Phase.VOLUME_PHASE_READY, failed: Phase.VOLUME_PHASE_FAILED } as const;

export const hardwareTypes: readonly ServedType[] = [
  typed(SystemInformation, SystemInformationSpecSchema, ({ serialnumber: serialNumber, ...same }) => ({
    ...same,
    serialNumber,
  })),
  typed(Processor, ProcessorSpecSchema, ({ maxSpeedMhz: maxSpeed, ...same }) => ({ ...same, maxSpeed })),
  typed(MemoryModule, MemoryModuleSpecSchema, ({ sizeMiB: size, ...same }) => ({ ...same, size })),
  typed(PciDevice, PCIDeviceSpecSchema, ({ vendor, product, driver, ...ids }) => ({
    ...{ vendor, product, driver },
    ...{ vendorId: ids.vendor_id, productId: ids.product_id, classId: ids.class_id },
  })),
  typed(Disk, DiskSpecSchema, ({ readonly, cdrom, model, serial, wwid, transport, rotational, ...spec }) => ({
    ...{ readonly, cdrom, model, serial, wwid, transport, rotational },
    ...{ devPath: spec.dev_path, busPath: spec.bus_path, prettySize: spec.pretty_size },
    size: BigInt(spec.size),
    ioSize: BigInt(spec.io_size),
    sectorSize: BigInt(spec.sector_size),
  })),
  typed(SystemDisk, SystemDiskSpecSchema, ({ diskID: diskId, devPath }) => ({ diskId, devPath })),
  typed(VolumeStatus, VolumeStatusSpecSchema, ({ phase, size, ...spec }) => ({
    ...{ location: spec.location, mountLocation: spec.mountLocation, errorMessage: spec.errorMessage },
    phase: phases[phase],
    type: VolumeType.VOLUME_TYPE_PARTITION,
    filesystem: filesystem(spec.filesystem),
    size: BigInt(size),
  })),
];
