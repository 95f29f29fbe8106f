// The META partition's contents: values by tag, written twice. The layout and the tags are those of Talos' ADV.
import { createHash } from "node:crypto";
import { bytes, rest } from "../../../wire/bytes.ts";
import { decode, encode } from "../../../wire/codec.ts";
import { literal } from "../../../wire/constants.ts";
import { WireError } from "../../../wire/error.ts";
import { u32 } from "../../../wire/integers.ts";
import { prefixed, sized } from "../../../wire/prefixed.ts";
import { struct } from "../../../wire/struct.ts";

/** Values that have a meaning. Others belong to whoever writes them. */
export const metaTags = {
  /** The slot to go back to: there while an upgrade has not proved itself. */
  upgradeFallback: 6,
  stagedUpgradeImage: 7,
  stagedUpgradeOptions: 8,
  networkPlatformConfig: 0x0a,
  downloadCode: 0x0b,
  userReserved1: 0x0c,
  userReserved2: 0x0d,
  userReserved3: 0x0e,
  uuidOverride: 0x0f,
  uniqueMachineToken: 0x10,
  /** Of our own: what became of the last upgrade (trial.ts). */
  trial: 0xe0,
} as const;

export type MetaValues = ReadonlyMap<number, Uint8Array>;

const copyBytes = 256 * 1024;
const digestBytes = 32;
const dataBytes = copyBytes - 4 - digestBytes - 4;
export const metaBytes = 2 * copyBytes;

const copy = struct({
  magic1: literal(u32, 0x5a4b3c2d),
  data: sized(dataBytes, rest),
  digest: bytes(digestBytes),
  magic2: literal(u32, 0xa5b4c3d2),
});

const value = struct({ tag: u32, value: prefixed(u32, rest) });
/** No value has it: it ends the list. */
const end = 0;

export function encodeMeta(values: MetaValues): Uint8Array {
  const data = new Uint8Array(dataBytes);
  let at = 0;
  for (const [tag, bytes] of [...values].toSorted(([a], [b]) => a - b)) {
    if (tag === end) throw new Error("Cannot keep a value under tag 0: it ends the list");
    const encoded = encode(value, { tag, value: bytes });
    if (at + encoded.length > dataBytes)
      throw new Error(`Cannot keep the values: they take more than ${dataBytes} bytes`);
    data.set(encoded, at);
    at += encoded.length;
  }
  const unsigned = encode(copy, { data, digest: new Uint8Array(digestBytes) });
  const one = encode(copy, { data, digest: sha256(unsigned) });
  return Buffer.concat([one, one]);
}

export interface FoundMeta {
  readonly values: MetaValues;
  /** What is wrong with the first copy, where the second had to serve. */
  readonly damage: string | undefined;
}

/** Undefined when neither copy is whole: the partition is new, or lost. */
export function decodeMeta(partition: Uint8Array): FoundMeta | undefined {
  const first = decodeCopy(partition.subarray(0, copyBytes));
  if (typeof first !== "string") return { values: first, damage: undefined };
  const second = decodeCopy(partition.subarray(copyBytes, metaBytes));
  return typeof second === "string" ? undefined : { values: second, damage: first };
}

function decodeCopy(bytes: Uint8Array): MetaValues | string {
  try {
    const { data, digest } = decode(copy, bytes);
    if (!sha256(encode(copy, { data, digest: new Uint8Array(digestBytes) })).equals(digest))
      return "its digest is wrong";
    return valuesIn(data);
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

function valuesIn(data: Uint8Array): MetaValues {
  const values = new Map<number, Uint8Array>();
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let at = 0; at + 8 <= data.length && view.getUint32(at) !== end; ) {
    const size = 8 + view.getUint32(at + 4);
    const found = decode(value, data.subarray(at, at + size));
    values.set(found.tag, Uint8Array.from(found.value));
    at += size;
  }
  return values;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
