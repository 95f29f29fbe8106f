import type { DiskSelector } from "../resources/disk-selector.ts";
import type { InventoryDisk } from "../resources/inventory.ts";
import { isLike } from "./pattern.ts";
import { sharedFilesystem } from "./shared-filesystem.ts";

export interface InstallDisk {
  /** Unset when none fits. */
  readonly disk: InventoryDisk | undefined;
  readonly why: string;
  /** Every other disk, and why it is not the one. */
  readonly skipped: readonly { readonly disk: string; readonly why: string }[];
}

/** A system, its logs and one upgrade need room. */
const leastBytes = 5_000_000_000;

/** The smallest disk that fits: large ones are for data. Never by the name of its device, which swaps between boots. */
export function installDisk(disks: readonly InventoryDisk[], selector: DiskSelector): InstallDisk {
  const judged = disks.map((disk) => ({ disk, why: unfit(disk, selector) }));
  const fitting = judged.filter(({ why }) => why === undefined).toSorted((a, b) => bySize(a.disk, b.disk));
  const [first] = fitting;
  return {
    disk: first?.disk,
    why: first
      ? `${first.disk.id} is the ${fitting.length > 1 ? `smallest of ${fitting.length} disks that fit` : "only disk that fits"}`
      : disks.length === 0
        ? "it has no disks"
        : `none of its ${disks.length} disks fits`,
    skipped: judged
      .filter(({ disk }) => disk !== first?.disk)
      .map(({ disk, why }) => ({
        disk: disk.id,
        why:
          why ??
          `${first!.disk.id} fits too, and ${first!.disk.sizeBytes < disk.sizeBytes ? "is smaller" : "comes first"}`,
      })),
  };
}

/** Between equals the id decides: it is the same at every boot, whatever the order in which disks were found. */
const bySize = (a: InventoryDisk, b: InventoryDisk) => a.sizeBytes - b.sizeBytes || (a.id < b.id ? -1 : 1);

/** Why a disk is not fit; undefined when it is. */
function unfit(disk: InventoryDisk, selector: DiskSelector): string | undefined {
  return obstacles.map((obstacle) => obstacle(disk, selector)).find((why) => why !== undefined);
}

type Obstacle = (disk: InventoryDisk, selector: DiskSelector) => string | undefined;

const obstacles: readonly Obstacle[] = [
  mismatch("wwid"),
  mismatch("serial"),
  mismatch("model"),
  mismatch("transport"),
  ({ sizeBytes }, { atLeastBytes }) =>
    atLeastBytes !== undefined && sizeBytes < atLeastBytes
      ? `has ${inGigabytes(sizeBytes)}, and ${inGigabytes(atLeastBytes)} are asked for`
      : undefined,
  ({ sizeBytes }, { atMostBytes }) =>
    atMostBytes !== undefined && sizeBytes > atMostBytes
      ? `has ${inGigabytes(sizeBytes)}, and at most ${inGigabytes(atMostBytes)} are asked for`
      : undefined,
  ({ readOnly }) => (readOnly ? "is read-only" : undefined),
  // Asked for by its transport, a stick is what somebody wants.
  ({ transport, removable }, selector) =>
    selector.transport === undefined && (transport === "usb" || removable)
      ? `is ${transport === "usb" ? "on USB" : "removable"}`
      : undefined,
  ({ healthy }) => (healthy === false ? "says itself that it is failing" : undefined),
  (disk) => {
    const shared = sharedFilesystem(disk);
    return shared && `bears ${shared}, which other machines may use`;
  },
  ({ sizeBytes }) =>
    sizeBytes < leastBytes ? `has ${inGigabytes(sizeBytes)}, too little for a system` : undefined,
];

function mismatch(field: "wwid" | "serial" | "model" | "transport"): Obstacle {
  return (disk, selector) => {
    const wanted = selector[field];
    if (wanted === undefined || isLike(disk[field], wanted)) return undefined;
    return `its ${field} is ${JSON.stringify(disk[field])}, not ${wanted}`;
  };
}

const inGigabytes = (bytes: number) => `${Number((bytes / 1e9).toPrecision(3))} GB`;
