// FAT32, as Microsoft's "FAT: General Overview of On-Disk Format" 1.03 lays it out. All numbers are little-endian.
import { bytes, padding } from "../../../wire/bytes.ts";
import type { Codec } from "../../../wire/codec.ts";
import { literal, magic } from "../../../wire/constants.ts";
import { u8, u16le, u32le } from "../../../wire/integers.ts";
import { list } from "../../../wire/lists.ts";
import { mapped } from "../../../wire/refine.ts";
import { struct } from "../../../wire/struct.ts";

/** ASCII, padded with spaces. */
const spaced = (size: number): Codec<string> =>
  mapped(bytes(size), {
    decode: (raw) => Buffer.from(raw).toString("latin1").trimEnd(),
    encode(text) {
      if (text.length > size) throw new Error(`"${text}" does not fit in ${size} characters`);
      return Buffer.from(text.padEnd(size), "latin1");
    },
  });

export const reservedSectors = 32;
export const fatCount = 2;
/** The root is a file like any other; the two numbers below it mean something else. */
export const rootCluster = 2;
export const backupBootSector = 6;
export const media = 0xf8;

export const bootSector = struct({
  jump: magic(Uint8Array.of(0xeb, 0x58, 0x90)),
  // Some readers trust no other maker.
  maker: magic("MSWIN4.1"),
  sectorBytes: u16le,
  sectorsPerCluster: u8,
  reservedSectors: literal(u16le, reservedSectors),
  fatCount: literal(u8, fatCount),
  noRootEntries: padding(2),
  noSectorCount16: padding(2),
  media: literal(u8, media),
  noFatSectors16: padding(2),
  sectorsPerTrack: literal(u16le, 63),
  heads: literal(u16le, 255),
  sectorsBefore: u32le,
  sectors: u32le,
  fatSectors: u32le,
  flags: padding(2),
  version: padding(2),
  rootCluster: literal(u32le, rootCluster),
  informationSector: literal(u16le, 1),
  backupBootSector: literal(u16le, backupBootSector),
  reserved: padding(12),
  drive: literal(u8, 0x80),
  reserved1: padding(1),
  extendedSignature: literal(u8, 0x29),
  volumeId: u32le,
  label: spaced(11),
  type: magic("FAT32   "),
  bootCode: padding(420),
  signature: literal(u16le, 0xaa55),
});

export const information = struct({
  lead: magic("RRaA"),
  reserved: padding(480),
  signature: magic("rrAa"),
  freeClusters: u32le,
  nextFreeCluster: u32le,
  reserved1: padding(12),
  trail: literal(u32le, 0xaa550000),
});

export const attribute = { volumeLabel: 0x08, directory: 0x10, archive: 0x20 } as const;

/** 1 January 1980, the first day there is: the same files are the same bytes at any time. */
const date = literal(u16le, 0x0021);

export const directory = list(
  struct({
    name: spaced(8),
    extension: spaced(3),
    attributes: u8,
    caseAndTenths: padding(2),
    createdTime: padding(2),
    createdDate: date,
    accessedDate: date,
    clusterHigh: u16le,
    writtenTime: padding(2),
    writtenDate: date,
    clusterLow: u16le,
    sizeBytes: u32le,
  }),
);

export const directoryEntryBytes = 32;
export const endOfChain = 0x0fffffff;

export const fileAllocationTable = list(u32le);
