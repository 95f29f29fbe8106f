import { userVolumeConfig } from "../documents/user-volume-config.ts";
import { sizeBytes } from "../documents/volume.ts";
import type { MachineConfig } from "../machine-config.ts";

/** A volume of the machine's owner. */
export interface VolumeSettings {
  readonly name: string;
  /** Undefined: where volumes of its owner usually are, under its name. */
  readonly mountAt: string | undefined;
  readonly make: /** A folder of EPHEMERAL. */
    | { readonly is: "directory" }
    /** All of a disk. */
    | { readonly is: "disk"; readonly match: string }
    | {
        readonly is: "partition";
        /** An expression in CEL over `disk` and `system_disk`. */
        readonly match: string;
        readonly minBytes: number;
        /** Undefined: as much as there is. A share is of the disk. */
        readonly max: { readonly bytes: number } | { readonly share: number } | undefined;
        readonly grow: boolean;
      };
  readonly filesystem: "ext4" | "xfs";
  readonly accessTimes: boolean;
  /** Nothing on it can be executed. */
  readonly secure: boolean;
}

export const volumeSettings = (config: MachineConfig): readonly VolumeSettings[] => [
  ...ofDocuments(config),
  ...ofDisks(config),
];

function ofDocuments(config: MachineConfig): VolumeSettings[] {
  return config.all(userVolumeConfig).map(({ name = "", volumeType, provisioning, filesystem, mount }) => {
    const { diskSelector, minSize = "0", maxSize, grow = false } = provisioning ?? {};
    const match = diskSelector?.match || "false";
    return {
      ...{ name, mountAt: undefined },
      make:
        volumeType === "directory"
          ? { is: "directory" }
          : volumeType === "disk"
            ? { is: "disk", match }
            : { is: "partition", match, minBytes: sizeBytes(minSize), max: maxOf(maxSize), grow },
      filesystem: filesystem?.type ?? "xfs",
      accessTimes: !(mount?.disableAccessTime ?? false),
      secure: mount?.secure ?? true,
    };
  });
}

/** machine.disks: the older way, by the name of a disk. A partition without a size takes what is left. */
function ofDisks(config: MachineConfig): VolumeSettings[] {
  return (config.v1alpha1?.machine?.disks ?? []).flatMap(({ device, partitions = [] }) =>
    partitions.map(({ size = 0, mountpoint = "" }): VolumeSettings => {
      const bytes = typeof size === "number" ? size : sizeBytes(size);
      const match = `disk.dev_path == ${JSON.stringify(device ?? "")}`;
      const max = bytes > 0 ? { bytes } : undefined;
      return {
        ...{
          name: nameOf(mountpoint),
          mountAt: mountpoint,
          filesystem: "xfs",
          accessTimes: true,
          secure: true,
        },
        make: { is: "partition", match, minBytes: bytes, max, grow: false },
      };
    }),
  );
}

/** A partition's name carries it, behind a prefix of two. */
const nameOf = (mountpoint: string) =>
  mountpoint
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, 34);

function maxOf(text: string | undefined) {
  if (!text) return undefined;
  return text.endsWith("%") ? { share: Number(text.slice(0, -1)) / 100 } : { bytes: sizeBytes(text) };
}
