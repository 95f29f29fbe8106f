import { userVolumeConfig } from "../documents/user-volume-config.ts";
import { sizeBytes } from "../documents/volume.ts";
import { type Expression, parseExpression } from "../expression/expression.ts";
import type { MachineConfig } from "../machine-config.ts";

/** A volume of the machine's owner. */
export interface VolumeSettings {
  readonly name: string;
  readonly make: /** A folder of EPHEMERAL. */
    | { readonly is: "directory" }
    /** All of a disk. */
    | { readonly is: "disk"; readonly fits: Expression }
    | {
        readonly is: "partition";
        /** Over `disk` and `system_disk`. */
        readonly fits: Expression;
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

/** Throws for an expression that is none. */
export function volumeSettings(config: MachineConfig): readonly VolumeSettings[] {
  return config.all(userVolumeConfig).map(({ name = "", volumeType, provisioning, filesystem, mount }) => {
    const { diskSelector, minSize = "0", maxSize, grow = false } = provisioning ?? {};
    const fits = parseExpression(diskSelector?.match || "false");
    return {
      name,
      make:
        volumeType === "directory"
          ? { is: "directory" }
          : volumeType === "disk"
            ? { is: "disk", fits }
            : { is: "partition", fits, minBytes: sizeBytes(minSize), max: maxOf(maxSize), grow },
      filesystem: filesystem?.type ?? "xfs",
      accessTimes: !(mount?.disableAccessTime ?? false),
      secure: mount?.secure ?? true,
    };
  });
}

function maxOf(text: string | undefined) {
  if (!text) return undefined;
  return text.endsWith("%") ? { share: Number(text.slice(0, -1)) / 100 } : { bytes: sizeBytes(text) };
}
