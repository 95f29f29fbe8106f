// Whole numbers. Network order unless the name ends in `le`. Signed numbers are two's complement.
import type { Codec } from "./codec.ts";
import type { Writer } from "./writer.ts";

export const u8: Codec<number> = {
  decode: (r) => r.bytes[r.take(1)]!,
  encode(w, value) {
    if ((value & 0xff) !== value) throw outside(w, value, 0, 0xff);
    const at = w.take(1);
    w.bytes[at] = value;
  },
};

export const u16: Codec<number> = {
  decode(r) {
    const at = r.take(2);
    return (r.bytes[at]! << 8) | r.bytes[at + 1]!;
  },
  encode(w, value) {
    if ((value & 0xffff) !== value) throw outside(w, value, 0, 0xffff);
    const at = w.take(2);
    w.bytes[at] = value >> 8;
    w.bytes[at + 1] = value;
  },
};

export const u24: Codec<number> = {
  decode(r) {
    const at = r.take(3);
    return (r.bytes[at]! << 16) | (r.bytes[at + 1]! << 8) | r.bytes[at + 2]!;
  },
  encode(w, value) {
    if ((value & 0xffffff) !== value) throw outside(w, value, 0, 0xffffff);
    const at = w.take(3);
    w.bytes[at] = value >> 16;
    w.bytes[at + 1] = value >> 8;
    w.bytes[at + 2] = value;
  },
};

export const u32: Codec<number> = {
  decode(r) {
    const at = r.take(4);
    const { bytes } = r;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  },
  encode(w, value) {
    if (value >>> 0 !== value) throw outside(w, value, 0, 0xffffffff);
    const at = w.take(4);
    const { bytes } = w;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  },
};

export const u16le: Codec<number> = {
  decode(r) {
    const at = r.take(2);
    return r.bytes[at]! | (r.bytes[at + 1]! << 8);
  },
  encode(w, value) {
    if ((value & 0xffff) !== value) throw outside(w, value, 0, 0xffff);
    const at = w.take(2);
    w.bytes[at] = value;
    w.bytes[at + 1] = value >> 8;
  },
};

export const u24le: Codec<number> = {
  decode(r) {
    const at = r.take(3);
    return r.bytes[at]! | (r.bytes[at + 1]! << 8) | (r.bytes[at + 2]! << 16);
  },
  encode(w, value) {
    if ((value & 0xffffff) !== value) throw outside(w, value, 0, 0xffffff);
    const at = w.take(3);
    w.bytes[at] = value;
    w.bytes[at + 1] = value >> 8;
    w.bytes[at + 2] = value >> 16;
  },
};

export const u32le: Codec<number> = {
  decode(r) {
    const at = r.take(4);
    const { bytes } = r;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  },
  encode(w, value) {
    if (value >>> 0 !== value) throw outside(w, value, 0, 0xffffffff);
    const at = w.take(4);
    const { bytes } = w;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  },
};

export const u64: Codec<bigint> = {
  decode: (r) => (BigInt(u32.decode(r)) << 32n) | BigInt(u32.decode(r)),
  encode(w, value) {
    if (BigInt.asUintN(64, value) !== value) throw outside(w, value, 0, 0xffff_ffff_ffff_ffffn);
    u32.encode(w, Number(value >> 32n));
    u32.encode(w, Number(value & 0xffff_ffffn));
  },
};

export const u64le: Codec<bigint> = {
  decode: (r) => BigInt(u32le.decode(r)) | (BigInt(u32le.decode(r)) << 32n),
  encode(w, value) {
    if (BigInt.asUintN(64, value) !== value) throw outside(w, value, 0, 0xffff_ffff_ffff_ffffn);
    u32le.encode(w, Number(value & 0xffff_ffffn));
    u32le.encode(w, Number(value >> 32n));
  },
};

export const i8: Codec<number> = signed(u8, 8);
export const i16: Codec<number> = signed(u16, 16);
export const i32: Codec<number> = signed(u32, 32);
export const i16le: Codec<number> = signed(u16le, 16);
export const i32le: Codec<number> = signed(u32le, 32);

function signed(unsigned: Codec<number>, width: number): Codec<number> {
  const unused = 32 - width;
  return {
    decode: (r) => (unsigned.decode(r) << unused) >> unused,
    encode(w, value) {
      if ((value << unused) >> unused !== value) {
        throw outside(w, value, -(2 ** (width - 1)), 2 ** (width - 1) - 1);
      }
      unsigned.encode(w, (value << unused) >>> unused);
    },
  };
}

/** One byte, 0 or 1. Any other byte is an error: it would not survive being written again. */
export const bool8: Codec<boolean> = {
  decode(r) {
    const at = r.take(1);
    const byte = r.bytes[at]!;
    if (byte > 1) throw r.error(`${byte} is neither 0 nor 1`, at);
    return byte === 1;
  },
  encode(w, value) {
    const at = w.take(1);
    w.bytes[at] = value ? 1 : 0;
  },
};

function outside(w: Writer, value: number | bigint, least: number, most: number | bigint) {
  return w.error(`${value} is not a whole number from ${least} to ${most}`);
}
