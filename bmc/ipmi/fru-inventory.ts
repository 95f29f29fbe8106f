// What a server is called: FRU Information Storage Definition v1.0 r1.3 §8 to §12. Both ways.

import { padding } from "../../wire/bytes.ts";
import { type Codec, decodePrefix, encode } from "../../wire/codec.ts";
import { WireError } from "../../wire/error.ts";
import { u8, u24le } from "../../wire/integers.ts";
import { Reader } from "../../wire/reader.ts";
import { struct } from "../../wire/struct.ts";
import { Writer } from "../../wire/writer.ts";
import { typedText } from "./typed-text.ts";

export interface FruInventory {
  readonly chassis?: { readonly part: string; readonly serial: string } | undefined;
  readonly board?:
    | {
        readonly manufacturer: string;
        readonly product: string;
        readonly serial: string;
        readonly part: string;
      }
    | undefined;
  readonly product?:
    | {
        readonly manufacturer: string;
        readonly name: string;
        readonly part: string;
        readonly version: string;
        readonly serial: string;
        readonly asset: string;
      }
    | undefined;
}

/** §8. Offsets in units of eight bytes; zero for an area that is not there. */
export const fruHeader = struct({
  version: u8,
  internal: u8,
  chassis: u8,
  board: u8,
  product: u8,
  multi: u8,
  gap: padding(1),
  check: u8,
});
export const fruHeaderBytes = 8;

const unit = 8;
const version = 1;
/** Ends the fields of an area. */
const endOfFields = 0xc1;

const areaStart = struct({ version: u8, units: u8 });
const fieldNames = {
  chassis: ["part", "serial"],
  board: ["manufacturer", "product", "serial", "part"],
  product: ["manufacturer", "name", "part", "version", "serial", "asset"],
} as const;
/** What stands between the start of an area and its texts: chassis type; language and date; language. */
const leads = {
  chassis: struct({ type: u8 }),
  board: struct({ language: u8, minutes: u24le }),
  product: struct({ language: u8 }),
};
type AreaName = keyof typeof fieldNames;

/** Areas that make no sense are left out: half of an inventory is better than none. */
export function readFru(bytes: Uint8Array): FruInventory {
  const header = decodePrefix(fruHeader, bytes).value;
  const area = (name: AreaName) => readArea(bytes, header[name] * unit, name);
  return { chassis: area("chassis"), board: area("board"), product: area("product") } as FruInventory;
}

function readArea(bytes: Uint8Array, offset: number, name: AreaName): Record<string, string> | undefined {
  if (offset === 0 || offset + 2 > bytes.length) return undefined;
  const { units } = decodePrefix(areaStart, bytes.subarray(offset)).value;
  const r = new Reader(bytes.subarray(offset, offset + units * unit));
  const fields: Record<string, string> = {};
  try {
    areaStart.decode(r);
    (leads[name] as Codec<unknown>).decode(r);
    for (const field of fieldNames[name]) {
      if (r.left === 0 || r.bytes[r.offset] === endOfFields) break;
      fields[field] = typedText.decode(r);
    }
  } catch (thrown) {
    // A text that runs past its area: the fields before it stand.
    if (!(thrown instanceof WireError)) throw thrown;
  }
  return Object.fromEntries(fieldNames[name].map((field) => [field, fields[field] ?? ""]));
}

export function writeFru(inventory: FruInventory): Uint8Array {
  const chassis = inventory.chassis && writeArea("chassis", leads.chassis, { type: 0x17 }, inventory.chassis);
  const board =
    inventory.board && writeArea("board", leads.board, { language: 0, minutes: 0 }, inventory.board);
  const product =
    inventory.product && writeArea("product", leads.product, { language: 0 }, inventory.product);
  let at = fruHeaderBytes;
  const place = (area: Uint8Array | undefined) => {
    const offset = area ? at / unit : 0;
    at += area?.length ?? 0;
    return offset;
  };
  const offsets = { chassis: place(chassis), board: place(board), product: place(product) };
  const header = encode(fruHeader, { version, internal: 0, ...offsets, multi: 0, check: 0 });
  return Buffer.concat([closed(header), ...[chassis, board, product].filter((area) => area !== undefined)]);
}

function writeArea<T>(
  name: AreaName,
  lead: Codec<T>,
  leading: T,
  fields: Readonly<Record<string, string>>,
): Uint8Array {
  const w = new Writer(new Uint8Array(256));
  areaStart.encode(w, { version, units: 0 });
  lead.encode(w, leading);
  for (const field of fieldNames[name]) typedText.encode(w, fields[field] ?? "");
  // The board's FRU file id, and no custom fields.
  if (name === "board" || name === "product") typedText.encode(w, "");
  u8.encode(w, endOfFields);
  const units = Math.ceil((w.offset + 1) / unit);
  const area = new Uint8Array(units * unit);
  area.set(w.bytes.subarray(0, w.offset));
  area[1] = units;
  return closed(area);
}

/** The last byte makes the sum zero. */
function closed(area: Uint8Array): Uint8Array {
  area[area.length - 1] = -area.subarray(0, -1).reduce((sum, byte) => sum + byte, 0) & 0xff;
  return area;
}
