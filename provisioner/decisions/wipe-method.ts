import type { InventoryDisk } from "../resources/inventory.ts";
import type { WipeMethod } from "../resources/wipe-methods.ts";
import { sharedFilesystem } from "./shared-filesystem.ts";

/** What a wipe is for. A new machine's disks have to be empty; those of one that leaves have to be unreadable. */
export type WipePurpose = "initial" | "release";

interface Asked {
  readonly purpose: WipePurpose;
  /** What a rule demands: these, or the disk fails. Never a weaker one in silence. */
  readonly demanded?: readonly WipeMethod[] | undefined;
  /** Ids of disks that somebody wants wiped although they are removable or shared. */
  readonly allTheSame: ReadonlySet<string>;
}

export type DiskPlan =
  | {
      readonly is: "wiped";
      readonly disk: string;
      readonly methods: readonly WipeMethod[];
      readonly why: string;
    }
  | { readonly is: "spared"; readonly disk: string; readonly why: string };

/** For each disk, how to wipe it, or why not to. */
export const wipePlan = (disks: readonly InventoryDisk[], asked: Asked): readonly DiskPlan[] =>
  disks.map((disk) => planOf(disk, asked));

function planOf(disk: InventoryDisk, { purpose, demanded, allTheSame }: Asked): DiskPlan {
  const spared = reasonToSpare(disk, allTheSame.has(disk.id));
  if (spared) return { is: "spared", disk: disk.id, why: spared };
  if (demanded) return { is: "wiped", disk: disk.id, methods: demanded, why: "as its rule demands" };
  if (purpose === "initial") {
    return { is: "wiped", disk: disk.id, methods: ["fast"], why: "new: it has to be empty, not unreadable" };
  }
  const [why, methods] = erasing[kindOf(disk)];
  return { is: "wiped", disk: disk.id, methods, why };
}

function reasonToSpare(disk: InventoryDisk, allTheSame: boolean): string | undefined {
  if (disk.readOnly) return "is read-only";
  if (allTheSame) return undefined;
  if (disk.transport === "usb") return "is on USB";
  if (disk.removable) return "is removable";
  const shared = sharedFilesystem(disk);
  return shared && `bears ${shared}, which other machines may use`;
}

type Kind = "nvme" | "solidState" | "spinning";

/** The strongest first that a disk does by itself in reasonable time; the last is what every disk can do. */
const erasing: Readonly<Record<Kind, readonly [why: string, methods: readonly WipeMethod[]]>> = {
  nvme: [
    "an NVMe disk erases itself, spare blocks included",
    [
      "nvmeSanitizeCryptographic",
      "nvmeSanitizeBlock",
      "nvmeFormatCryptographic",
      "nvmeFormat",
      "secureDiscard",
      "zero",
    ],
  ],
  solidState: [
    "a solid-state disk erases itself, spare blocks included",
    ["scsiSanitize", "ataSecurityEraseEnhanced", "ataSecurityErase", "secureDiscard", "zero"],
  ],
  spinning: ["what spins has to be written over", ["scsiSanitize", "zero"]],
};

function kindOf({ transport, rotational }: InventoryDisk): Kind {
  if (transport === "nvme") return "nvme";
  return rotational ? "spinning" : "solidState";
}
