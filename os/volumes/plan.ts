// Where a volume of the machine's owner is, or is to be made. Pure: disks in, one step out.
import { createHash } from "node:crypto";
import type { VolumeSettings } from "../../machine-config/settings/volumes.ts";
import type { Disk } from "../block/disks.ts";
import { type Partition, type PartitionTable, usable } from "../block/gpt/table.ts";
import { diskExpression } from "../install/disk-expression.ts";

/** A disk, and what is on it. */
export interface DiskView {
  readonly disk: Disk;
  readonly isSystem: boolean;
  readonly table: PartitionTable | undefined;
  /** What it holds besides a table: a filesystem, a member of a RAID. */
  readonly holds: readonly string[];
  /** Of the filesystem that takes all of it; undefined when there is none that is known. */
  readonly filesystemUuid: string | undefined;
}

export type VolumeStep =
  /** It is there. `roomSectors` lie free behind it, as far as it may still grow. */
  | {
      readonly do: "use";
      readonly view: DiskView;
      readonly partition: Partition;
      readonly roomSectors: number;
    }
  | { readonly do: "useDisk"; readonly view: DiskView }
  | {
      readonly do: "makePartition";
      readonly view: DiskView;
      readonly table: PartitionTable;
      readonly partition: Partition;
    }
  | { readonly do: "wait"; readonly why: string };

// Discoverable Partitions Specification: what Linux keeps data in.
const linuxData = "0fc63daf-8483-4772-8e79-3d69d8477de4";
const alignmentBytes = 1024 * 1024;

/** The name of its partition. */
export const labelOf = ({ name }: Pick<VolumeSettings, "name">): string => `u-${name}`;

/** Of its filesystem: no other machine's disk is taken for ours because its format fits. */
export function uuidOf({ name }: Pick<VolumeSettings, "name">): string {
  const digits = createHash("sha256").update(`ingot volume ${name}`).digest("hex");
  return digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A volume keeps its place, wherever its disk is plugged in; only one that is nowhere is made. */
export function planVolume(
  volume: VolumeSettings,
  views: readonly DiskView[],
  newGuid: () => string,
): VolumeStep {
  const { make } = volume;
  if (make.is === "directory") return { do: "wait", why: "a folder is on no disk" };
  const label = labelOf(volume);
  for (const view of views) {
    const partition = view.table?.partitions.find(({ name }) => name === label);
    if (partition) return { do: "use", view, partition, roomSectors: roomBehind(partition, view, volume) };
  }
  const isMeant = diskExpression(make.match);
  const meant = views.filter(({ disk, isSystem }) => isMeant(disk, isSystem));
  if (meant.length === 0) return { do: "wait", why: "no disk is the one that its selector means" };
  const reasons: string[] = [];
  for (const view of meant) {
    const step = make.is === "disk" ? wholeDisk(view, volume) : newPartition(volume, view, newGuid);
    if (typeof step !== "string") return step;
    reasons.push(`${view.disk.devPath}: ${step}`);
  }
  return { do: "wait", why: reasons.join("; ") };
}

const unusable = ({ disk, isSystem }: DiskView): string | undefined => {
  if (disk.readOnly || disk.cdrom) return "it cannot be written";
  if (disk.holders.length > 0) return `${disk.holders.join(", ")} is built on it`;
  return isSystem ? "the system is on it" : undefined;
};

function wholeDisk(view: DiskView, volume: VolumeSettings): VolumeStep | string {
  const why = unusable(view);
  if (why !== undefined) return why;
  if (view.table) return "it holds partitions";
  const isOwn = view.filesystemUuid === uuidOf(volume);
  return view.holds.length === 0 || isOwn ? { do: "useDisk", view } : `it holds ${view.holds.join(", ")}`;
}

function newPartition(volume: VolumeSettings, view: DiskView, newGuid: () => string): VolumeStep | string {
  const { disk, table, holds } = view;
  const why = unusable({ ...view, isSystem: false });
  if (why !== undefined) return why;
  if (!table && holds.length > 0) return `it holds ${holds.join(", ")}`;
  if (volume.make.is !== "partition") return "it is no partition";
  const partitions = table?.partitions ?? [];
  const gap = gaps(partitions, disk).toSorted((a, b) => b.last - b.first - (a.last - a.first))[0];
  const room = gap ? (gap.last - gap.first + 1) * disk.sectorBytes : 0;
  if (!gap || room < Math.max(volume.make.minBytes, alignmentBytes))
    return `${room} bytes in a row are free, and it takes ${volume.make.minBytes}`;
  const sizeBytes = Math.min(room, mostBytes(volume, disk));
  const sectors = Math.floor(sizeBytes / alignmentBytes) * (alignmentBytes / disk.sectorBytes);
  const numbers = new Set(partitions.map(({ number }) => number));
  const number = Array.from({ length: 128 }, (_, index) => index + 1).find((it) => !numbers.has(it));
  if (number === undefined) return "its table is full";
  const partition = {
    ...{ number, type: linuxData, guid: newGuid(), name: labelOf(volume) },
    ...{ firstSector: gap.first, lastSector: gap.first + sectors - 1, attributes: 0n },
  };
  const diskGuid = table?.diskGuid ?? newGuid();
  return {
    do: "makePartition",
    view,
    partition,
    table: { diskGuid, partitions: [...partitions, partition] },
  };
}

function mostBytes({ make }: VolumeSettings, { sizeBytes }: Disk): number {
  if (make.is !== "partition" || make.max === undefined) return Infinity;
  return "share" in make.max ? make.max.share * sizeBytes : make.max.bytes;
}

/** Stretches that are nobody's, from one whole megabyte on. */
function gaps(partitions: readonly Partition[], disk: Disk): { first: number; last: number }[] {
  const { first, last } = usable(disk);
  const perUnit = alignmentBytes / disk.sectorBytes;
  const found: { first: number; last: number }[] = [];
  let next = first;
  const inOrder = partitions.toSorted((a, b) => a.firstSector - b.firstSector);
  for (const { firstSector, lastSector } of [...inOrder, { firstSector: last + 1, lastSector: last }]) {
    const begin = Math.ceil(next / perUnit) * perUnit;
    if (firstSector > begin) found.push({ first: begin, last: firstSector - 1 });
    next = Math.max(next, lastSector + 1);
  }
  return found;
}

function roomBehind(partition: Partition, { table, disk }: DiskView, volume: VolumeSettings): number {
  if (volume.make.is !== "partition" || !volume.make.grow) return 0;
  const { firstSector: first } = partition;
  const behind = table!.partitions.map(({ firstSector }) => firstSector).filter((sector) => sector > first);
  const next = Math.min(usable(disk).last + 1, ...behind);
  const most = mostBytes(volume, disk) / disk.sectorBytes;
  const end = Math.min(next - 1, first + most - 1);
  const perUnit = alignmentBytes / disk.sectorBytes;
  return Math.max(0, Math.floor((end - partition.lastSector) / perUnit) * perUnit);
}
