import type { BlockDevice } from "./block-device.ts";
import type { Disk } from "./disks.ts";

/** Which language a disk's firmware is spoken to in. USB bridges translate unreliably and are left alone. */
export function speaks({ transport }: Pick<Disk, "transport">): BlockDevice["firmware"]["speaks"] {
  switch (transport) {
    case "nvme":
      return "nvme";
    case "sata":
      return "ata";
    case "sas":
    case "scsi":
    case "iscsi":
      return "scsi";
    case "virtio":
    case "usb":
    case "mmc":
    case "unknown":
      return "nothing";
  }
}
