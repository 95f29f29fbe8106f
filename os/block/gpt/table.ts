// A partition table as a value: to the two places on a disk where it stands, and back from whichever is whole.
import { crc32 } from "node:zlib";
import { decode, decodePrefix, encode, type ValueOf } from "../../../wire/codec.ts";
import { WireError } from "../../../wire/error.ts";
import {
  crcAt,
  entries as entriesCodec,
  entryBytes,
  entryCount,
  headerBytes,
  header as headerCodec,
  masterBootRecord,
  unused,
} from "./format.ts";

export interface Partition {
  /** From 1 on. The kernel and the boot loader call it by that number. */
  readonly number: number;
  /** What it is for, as a GUID that everybody agrees on. */
  readonly type: string;
  readonly guid: string;
  readonly name: string;
  readonly firstSector: number;
  readonly lastSector: number;
  readonly attributes: bigint;
}

export interface PartitionTable {
  readonly diskGuid: string;
  readonly partitions: readonly Partition[];
}

export interface Geometry {
  readonly sizeBytes: number;
  readonly sectorBytes: number;
}

/** Bytes and where on the disk they belong. */
export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface EncodedTable {
  readonly backup: Piece;
  readonly entries: Piece;
  readonly header: Piece;
  /** The first sector: with its boot code, and with what keeps tools that know no GPT away. */
  readonly protection: Piece;
}

/** What one header gives away to partitions: itself, its entries, and the record before them at the disk's start. */
export function usable({ sizeBytes, sectorBytes }: Geometry): { first: number; last: number } {
  const entrySectors = Math.ceil((entryCount * entryBytes) / sectorBytes);
  return { first: 2 + entrySectors, last: Math.floor(sizeBytes / sectorBytes) - 2 - entrySectors };
}

export function encodeTable(
  { diskGuid, partitions }: PartitionTable,
  geometry: Geometry,
  bootCode: Uint8Array = new Uint8Array(440),
): EncodedTable {
  const { sectorBytes, sizeBytes } = geometry;
  const lastSector = Math.floor(sizeBytes / sectorBytes) - 1;
  const { first, last } = usable(geometry);
  for (const fault of faultsOf(partitions, { first, last }))
    throw new Error(`Cannot lay out partitions: ${fault}`);

  const slots = Array.from({ length: entryCount }, (_, index) => {
    const partition = partitions.find(({ number }) => number === index + 1);
    return (
      partition ?? { type: unused, guid: unused, firstSector: 0, lastSector: 0, attributes: 0n, name: "" }
    );
  });
  const entries = padded(encode(entriesCodec, slots), sectorBytes);
  const entriesCrc = crc32(entries.subarray(0, entryCount * entryBytes));
  const header = (ownSector: number, otherSector: number, entriesSector: number) => {
    const places = { ownSector, otherSector, firstUsable: first, lastUsable: last, entriesSector };
    const bytes = encode(headerCodec, { crc: 0, ...places, diskGuid, entryCount, entriesCrc });
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(crcAt, crc32(bytes), true);
    return padded(bytes, sectorBytes);
  };
  return {
    backup: {
      offset: (last + 1) * sectorBytes,
      bytes: Buffer.concat([entries, header(lastSector, 1, last + 1)]),
    },
    entries: { offset: 2 * sectorBytes, bytes: entries },
    header: { offset: sectorBytes, bytes: header(1, lastSector, 2) },
    protection: {
      offset: 0,
      bytes: padded(
        encode(masterBootRecord, {
          bootCode,
          // The first sector's and the last one's place in cylinders, which nobody has had for thirty years.
          firstCylinder: Uint8Array.of(0x00, 0x02, 0x00),
          lastCylinder: Uint8Array.of(0xff, 0xff, 0xff),
          sectorCount: Math.min(lastSector, 0xffffffff),
        }),
        sectorBytes,
      ),
    },
  };
}

export interface FoundTable extends PartitionTable {
  /** What is wrong with the one that was not used, or with its place; undefined when both are whole and agree. */
  readonly damage: string | undefined;
}

/** Undefined when neither place holds a whole table. */
export async function readTable(
  disk: Geometry & { read(offset: number, size: number): Promise<Uint8Array> },
): Promise<FoundTable | undefined> {
  const last = Math.floor(disk.sizeBytes / disk.sectorBytes) - 1;
  const primary = await readAt(1);
  if (typeof primary === "string") {
    const backup = await readAt(last);
    return typeof backup === "string" ? undefined : { ...backup.table, damage: `primary: ${primary}` };
  }
  // A disk that grew (an image on a larger one) has its backup in the middle.
  const backup = await readAt(last);
  const damage = typeof backup === "string" ? backup : differs(primary.header, backup.header);
  return { ...primary.table, damage: damage && `backup: ${damage}` };

  async function readAt(place: number): Promise<Whole | string> {
    const bytes = await disk.read(place * disk.sectorBytes, disk.sectorBytes);
    try {
      const { value: header } = decodePrefix(headerCodec, bytes);
      if (header.ownSector !== place) return `says it stands in sector ${header.ownSector}`;
      if (checksumOf(bytes) !== header.crc) return "the header's checksum is wrong";
      const size = header.entryCount * entryBytes;
      if (header.entriesSector * disk.sectorBytes + size > disk.sizeBytes)
        return "its entries lie behind the disk's end";
      const entries = await disk.read(header.entriesSector * disk.sectorBytes, size);
      if (crc32(entries) !== header.entriesCrc) return "the entries' checksum is wrong";
      return { header, table: tableOf(header, entries) };
    } catch (error) {
      if (error instanceof WireError) return error.message;
      throw error;
    }
  }
}

type Header = ValueOf<typeof headerCodec>;

interface Whole {
  readonly header: Header;
  readonly table: PartitionTable;
}

function tableOf({ diskGuid }: Header, entries: Uint8Array): PartitionTable {
  const partitions = decode(entriesCodec, entries).map((entry, index) => ({ number: index + 1, ...entry }));
  return { diskGuid, partitions: partitions.filter(({ type }) => type !== unused) };
}

const differs = (primary: Header, backup: Header) =>
  primary.entriesCrc === backup.entriesCrc && primary.diskGuid === backup.diskGuid
    ? undefined
    : "differs from the primary one";

function checksumOf(sector: Uint8Array): number {
  const copy = Uint8Array.from(sector.subarray(0, headerBytes));
  copy.fill(0, crcAt, crcAt + 4);
  return crc32(copy);
}

function* faultsOf(
  partitions: readonly Partition[],
  { first, last }: { first: number; last: number },
): Generator<string> {
  let end = first - 1;
  for (const { name, number, firstSector, lastSector } of partitions.toSorted(
    (a, b) => a.firstSector - b.firstSector,
  )) {
    if (number < 1 || number > entryCount) yield `${name} has the number ${number}`;
    if (firstSector <= end) yield `${name} begins in sector ${firstSector}, which is taken`;
    if (lastSector < firstSector || lastSector > last)
      yield `${name} ends in sector ${lastSector} of ${last}`;
    end = lastSector;
  }
}

function padded(bytes: Uint8Array, sectorBytes: number): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / sectorBytes) * sectorBytes);
  whole.set(bytes);
  return whole;
}
