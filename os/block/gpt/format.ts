// The GUID partition table (UEFI 2.10 §5.3) and the master boot record that protects it (§5.2.3).
import { bytes, padding } from "../../../wire/bytes.ts";
import type { Codec } from "../../../wire/codec.ts";
import { literal, magic } from "../../../wire/constants.ts";
import { u8, u16le, u32le, u64le } from "../../../wire/integers.ts";
import { list } from "../../../wire/lists.ts";
import { mapped, refine } from "../../../wire/refine.ts";
import { struct } from "../../../wire/struct.ts";
import { uuidMixed } from "../../../wire/uuid.ts";

/** A sector's number. 2^53 sectors of 512 bytes are 4 zettabytes. */
const sector: Codec<number> = refine(mapped(u64le, { decode: Number, encode: BigInt }), (value) =>
  Number.isSafeInteger(value) ? undefined : `${value} is no sector of any disk`,
);

/** UTF-16, padded with NUL. What follows the first NUL is no part of it. */
const name = (units: number): Codec<string> =>
  mapped(bytes(units * 2), {
    decode(raw) {
      const text = Buffer.from(raw).toString("utf16le");
      const end = text.indexOf("\0");
      return end < 0 ? text : text.slice(0, end);
    },
    encode(text) {
      if (text.length > units || text.includes("\0"))
        throw new Error(`"${text}" does not fit in ${units} characters`);
      const raw = Buffer.alloc(units * 2);
      raw.write(text, "utf16le");
      return raw;
    },
  });

export const headerBytes = 92;
export const entryBytes = 128;
/** Room for as many as everybody makes room for. */
export const entryCount = 128;

export const header = struct({
  signature: magic("EFI PART"),
  revision: literal(u32le, 0x00010000),
  headerBytes: literal(u32le, headerBytes),
  crc: u32le,
  reserved: padding(4),
  ownSector: sector,
  otherSector: sector,
  firstUsable: sector,
  lastUsable: sector,
  diskGuid: uuidMixed,
  entriesSector: sector,
  entryCount: refine(u32le, (count) => (count <= 4096 ? undefined : `${count} entries`)),
  entryBytes: literal(u32le, entryBytes),
  entriesCrc: u32le,
});

/** Where its checksum stands, which is made with zeros there. */
export const crcAt = 16;

/** An entry of this type is not in use. */
export const unused = "00000000-0000-0000-0000-000000000000";

export const entries = list(
  struct({
    type: uuidMixed,
    guid: uuidMixed,
    firstSector: sector,
    lastSector: sector,
    attributes: u64le,
    name: name(36),
  }),
);

export const masterBootRecord = struct({
  /** What a BIOS runs. */
  bootCode: bytes(440),
  diskSignature: padding(4),
  reserved: padding(2),
  // "Bootable" stays off: §5.2.3 wants that, and firmware exists that refuses the whole table otherwise.
  status: literal(u8, 0),
  firstCylinder: bytes(3),
  type: literal(u8, 0xee),
  lastCylinder: bytes(3),
  firstSector: literal(u32le, 1),
  sectorCount: u32le,
  otherPartitions: padding(48),
  signature: literal(u16le, 0xaa55),
});
