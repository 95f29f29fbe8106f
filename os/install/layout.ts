// What the system's disk is divided into. Numbers are what the boot loader calls them by, so a row keeps its place.
//
// Unlike upstream, a slot is no folder on a filesystem that both share but a partition of its own, written from its
// start to its end: nothing that happens to one slot, a power cut least of all, can touch the other.
import { type Geometry, type Partition, type PartitionTable, usable } from "../block/gpt/table.ts";

const purpose = {
  efiSystem: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  biosBoot: "21686148-6449-6e6f-744e-656564454649",
  linux: "0fc63daf-8483-4772-8e79-3d69d8477de4",
} as const;

interface Row {
  readonly type: keyof typeof purpose;
  /** Undefined: all that is left. */
  readonly megabytes: number | undefined;
}

const rows = {
  /** UEFI's boot loader. */
  EFI: { type: "efiSystem", megabytes: 100 },
  /** The BIOS' boot loader. */
  BIOS: { type: "biosBoot", megabytes: 1 },
  META: { type: "linux", megabytes: 1 },
  STATE: { type: "linux", megabytes: 100 },
  /** What the boot loader does, and which slot it boots. */
  BOOT: { type: "linux", megabytes: 40 },
  "BOOT-A": { type: "linux", megabytes: 512 },
  "BOOT-B": { type: "linux", megabytes: 512 },
  EPHEMERAL: { type: "linux", megabytes: undefined },
} as const satisfies Record<string, Row>;

export type PartitionName = keyof typeof rows;
const names = Object.keys(rows) as readonly PartitionName[];

export const isPartitionName = (name: string): name is PartitionName => Object.hasOwn(rows, name);

/** Whether a partition of the system's disk is the system's own; others are of whoever runs the machine. */
export const isSystemPartition = (number: number): boolean => number <= names.length;

export const partitionNumber = (name: PartitionName): number => names.indexOf(name) + 1;

export const slots = ["a", "b"] as const;
export type Slot = (typeof slots)[number];
export const otherSlot = (slot: Slot): Slot => (slot === "a" ? "b" : "a");
export const partitionOfSlot = { a: "BOOT-A", b: "BOOT-B" } as const satisfies Record<Slot, PartitionName>;

const MiB = 1024 * 1024;
/** FAT32 wants 65,525 clusters, of one sector at least: with sectors of 4 KiB those are more. */
const megabytesOn4k: Partial<Record<PartitionName, number>> = { EFI: 300, BOOT: 300 };
const leastEphemeralMegabytes = 300;
const leastGigabytes = 1.7;

/** Where everything goes on this disk. Partitions begin at whole megabytes, as flash likes it. */
export function planLayout(disk: Geometry, newGuid: () => string): PartitionTable {
  const sectorsOf = (megabytes: number) => (megabytes * MiB) / disk.sectorBytes;
  const { last } = usable(disk);
  let next = sectorsOf(1);
  const partitions = names.map((name, index): Partition => {
    const { type, megabytes }: Row = rows[name];
    const wanted = (disk.sectorBytes > 512 ? megabytesOn4k[name] : undefined) ?? megabytes;
    const firstSector = next;
    next += sectorsOf(wanted ?? leastEphemeralMegabytes);
    if (next - 1 > last) {
      throw new Error(
        `Cannot install on a disk of ${(disk.sizeBytes / 1e9).toFixed(1)} GB: it takes ${leastGigabytes} GB`,
      );
    }
    const lastSector = wanted === undefined ? last : next - 1;
    return {
      number: index + 1,
      type: purpose[type],
      guid: newGuid(),
      name,
      firstSector,
      lastSector,
      attributes: 0n,
    };
  });
  return { diskGuid: newGuid(), partitions };
}

/** A stretch of a disk. */
export interface Extent {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Undefined when the table is none of ours. */
export function extentOf(
  { partitions }: PartitionTable,
  wanted: PartitionName,
  sectorBytes: number,
): Extent | undefined {
  const found = partitions.find(({ name, number }) => name === wanted && number === partitionNumber(wanted));
  if (!found) return undefined;
  const { firstSector, lastSector } = found;
  return { offset: firstSector * sectorBytes, sizeBytes: (lastSector - firstSector + 1) * sectorBytes };
}
