// A FAT32 filesystem of a few files, as bytes and where they belong. The one filesystem that every UEFI firmware reads.
import { encode, type ValueOf } from "../../../wire/codec.ts";
import {
  attribute,
  backupBootSector,
  bootSector,
  directory,
  directoryEntryBytes,
  endOfChain,
  fatCount,
  fileAllocationTable,
  information,
  media,
  reservedSectors,
  rootCluster,
} from "./format.ts";

export interface Fat32 {
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  /** Where the partition begins, in sectors. */
  readonly sectorsBefore: number;
  readonly label: string;
  readonly volumeId: number;
  /** By path, such as `EFI/BOOT/BOOTX64.EFI`. Names have the old form of eight and three capitals. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

type Entry = ValueOf<typeof directory>[number];

/** With fewer, readers take it for FAT16 (§3.5). */
const leastClusters = 65_525;

export interface WrittenFat32 {
  /** What is not in them may be whatever it is. Offsets are from the partition's start. */
  readonly pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  /** Where a file's bytes are, which lie together. */
  offsetOf(path: string): number | undefined;
}

export function fat32(spec: Fat32): WrittenFat32 {
  const { sectorBytes, sectorsBefore, label, volumeId } = spec;
  const sectors = Math.floor(spec.sizeBytes / sectorBytes);
  // One sector a cluster: as many clusters as there can be. Two marks at the start of each table are for none.
  const fatSectors = Math.ceil(
    ((sectors - reservedSectors + rootCluster) * 4) / (sectorBytes + 4 * fatCount),
  );
  const firstDataSector = reservedSectors + fatCount * fatSectors;
  const clusters = sectors - firstDataSector;
  if (clusters < leastClusters)
    throw new Error(
      `Cannot make a FAT32 of ${spec.sizeBytes} bytes: it has ${clusters} clusters of at least ${leastClusters}`,
    );

  // The first two say what medium it is, and that it was closed well.
  const fat = [0x0fffff00 | media, endOfChain];
  const contents: { cluster: number; bytes: Uint8Array }[] = [];

  const reserve = (sizeBytes: number): number => {
    const first = fat.length;
    const count = Math.ceil(sizeBytes / sectorBytes);
    for (let n = 1; n <= count; n++) fat.push(n === count ? endOfChain : first + n);
    return count === 0 ? 0 : first;
  };
  const writeDirectory = (tree: Tree, parent: number | undefined): number => {
    const names = Object.keys(tree);
    const size = (names.length + (parent === undefined ? 1 : 2)) * directoryEntryBytes;
    const own = reserve(size + directoryEntryBytes);
    const entries =
      parent === undefined
        ? [labelEntry(label)]
        : // A parent that is the root is told as 0.
          [folder(".", own), folder("..", parent === rootCluster ? 0 : parent)];
    for (const name of names) {
      const child = tree[name]!;
      if (!(child instanceof Uint8Array)) {
        entries.push(folder(name, writeDirectory(child, own)));
        continue;
      }
      const cluster = reserve(child.length);
      contents.push({ cluster, bytes: child });
      entries.push(entry(name, attribute.archive, cluster, child.length));
    }
    const room = Math.ceil((size + directoryEntryBytes) / sectorBytes) * sectorBytes;
    const bytes = new Uint8Array(room);
    bytes.set(encode(directory, entries));
    contents.push({ cluster: own, bytes });
    return own;
  };
  writeDirectory(treeOf(spec.files), undefined);
  if (fat.length > clusters + rootCluster)
    throw new Error(`Cannot put ${fat.length - rootCluster} clusters of files into ${clusters}`);

  const boot = encode(bootSector, {
    ...{ sectorBytes, sectorsPerCluster: 1, sectorsBefore, sectors, fatSectors, volumeId, label },
  });
  const used = fat.length - rootCluster;
  const about = encode(information, { freeClusters: clusters - used, nextFreeCluster: fat.length });
  const reserved = new Uint8Array(reservedSectors * sectorBytes);
  for (const at of [0, backupBootSector]) {
    reserved.set(boot, at * sectorBytes);
    reserved.set(about, (at + 1) * sectorBytes);
  }
  const table = new Uint8Array(fatSectors * sectorBytes);
  table.set(encode(fileAllocationTable, fat));
  const offset = (cluster: number) => (firstDataSector + cluster - rootCluster) * sectorBytes;
  return {
    pieces: [
      { offset: 0, bytes: reserved },
      { offset: reservedSectors * sectorBytes, bytes: table },
      { offset: (reservedSectors + fatSectors) * sectorBytes, bytes: table },
      ...contents.map(({ cluster, bytes }) => ({ offset: offset(cluster), bytes })),
    ],
    offsetOf(path) {
      const found = contents.find(({ bytes }) => bytes === spec.files[path]);
      return found && offset(found.cluster);
    },
  };
}

interface Tree {
  [name: string]: Tree | Uint8Array;
}

function treeOf(files: Fat32["files"]): Tree {
  const root: Tree = {};
  for (const [path, bytes] of Object.entries(files)) {
    const steps = path.split("/");
    const name = steps.pop()!;
    let at = root;
    for (const step of steps) {
      const next = (at[step] ??= {});
      if (next instanceof Uint8Array) throw new Error(`Cannot make ${path}: ${step} is a file`);
      at = next;
    }
    at[name] = bytes;
  }
  return root;
}

const nameForm = /^([A-Z0-9_-]{1,8})(?:\.([A-Z0-9_-]{1,3}))?$/;

function entry(fileName: string, attributes: number, cluster: number, sizeBytes: number): Entry {
  const [, name, extension = ""] = nameForm.exec(fileName) ?? [];
  if (name === undefined) throw new Error(`Cannot name a file ${fileName}: it has no 8.3 form`);
  return { name, extension, ...rest(attributes, cluster, sizeBytes) };
}

function folder(name: string, cluster: number): Entry {
  if (name !== "." && name !== "..") return entry(name, attribute.directory, cluster, 0);
  return { name, extension: "", ...rest(attribute.directory, cluster, 0) };
}

const labelEntry = (label: string): Entry => ({
  name: label.slice(0, 8),
  extension: label.slice(8),
  ...rest(attribute.volumeLabel, 0, 0),
});

const rest = (attributes: number, cluster: number, sizeBytes: number) => ({
  attributes,
  clusterHigh: cluster >>> 16,
  clusterLow: cluster & 0xffff,
  sizeBytes,
});
