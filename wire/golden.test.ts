// The layout of each combinator in bytes, both ways, and its type.
import { describe, expect, expectTypeOf, test } from "vitest";
import { ipv4, ipv6, mac } from "./addresses.ts";
import { bits } from "./bits.ts";
import { bytes, padding, rest } from "./bytes.ts";
import { type Codec, decode, decodePrefix, encode, type ValueOf } from "./codec.ts";
import { literal, magic, present } from "./constants.ts";
import * as integers from "./integers.ts";
import { array, counted, list } from "./lists.ts";
import { oneOf, oneOfOrNumber } from "./one-of.ts";
import { optional } from "./optional.ts";
import { prefixed, sized } from "./prefixed.ts";
import { mapped, refine } from "./refine.ts";
import { struct } from "./struct.ts";
import { cstring, restText, text } from "./text.ts";
import { tlv } from "./tlv.ts";
import { uuid, uuidMixed } from "./uuid.ts";

const { u8, u16, u16le, u32 } = integers;

const hex = (digits: string) => Uint8Array.fromHex(digits.replaceAll(" ", ""));

const colours = { red: 1, green: 2 } as const;
const u64List = list(integers.u64);
const rows = { mask: [1, ipv4], name: [12, restText], rapid: [80, present] } as const;

const golden: readonly (readonly [what: string, codec: Codec<unknown>, bytes: string, value: unknown])[] = [
  ["u8", integers.u8, "ff", 255],
  ["u16", integers.u16, "0102", 0x0102],
  ["u24", integers.u24, "fe0203", 0xfe0203],
  ["u32", integers.u32, "fe020304", 0xfe020304],
  ["u64", integers.u64, "fe02030405060708", 0xfe02_0304_0506_0708n],
  ["u16le", integers.u16le, "0201", 0x0102],
  ["u24le", integers.u24le, "0302fe", 0xfe0203],
  ["u32le", integers.u32le, "040302fe", 0xfe020304],
  ["u64le", integers.u64le, "08070605040302fe", 0xfe02_0304_0506_0708n],
  ["i8", integers.i8, "80", -128],
  ["i16", integers.i16, "fffe", -2],
  ["i32", integers.i32, "80000000", -(2 ** 31)],
  ["i16le", integers.i16le, "feff", -2],
  ["i32le", integers.i32le, "feffffff", -2],
  ["i32, positive", integers.i32, "7fffffff", 2 ** 31 - 1],
  ["bool8", integers.bool8, "01", true],
  ["bits of a byte", bits({ version: 4, words: 4 }), "45", { version: 4, words: 5 }],
  ["bits of a word", bits({ top: 1, rest: 31 }), "80000001", { top: 1, rest: 1 }],
  ["one field as wide as its carrier", bits({ all: 32 }), "ffffffff", { all: 0xffffffff }],
  ["bits in little-endian order", bits({ high: 12, low: 4 }, u16le), "3412", { high: 0x123, low: 4 }],
  ["bytes", bytes(2), "0102", hex("0102")],
  ["rest", rest, "010203", hex("010203")],
  ["text, padded", text(4), "61620000", "ab"],
  ["text that fills its field", text(2), "6162", "ab"],
  ["text above ASCII", restText, "e9", "é"],
  ["cstring", cstring, "616200", "ab"],
  ["mac", mac, "525400abcdef", "52:54:00:ab:cd:ef"],
  ["ipv4", ipv4, "c0000201", "192.0.2.1"],
  ["ipv6", ipv6, "20010db8000000000000000000000001", "2001:db8::1"],
  ["ipv6, unspecified", ipv6, "00000000000000000000000000000000", "::"],
  ["ipv6 with the first of two equal runs", ipv6, "20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
  ["ipv6 with one zero", ipv6, "20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
  ["uuid", uuid, "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"],
  ["uuidMixed", uuidMixed, "33221100554477668899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"],
  ["prefixed", prefixed(u8, restText), "026162", "ab"],
  ["prefixed by two bytes", prefixed(u16le, list(u8)), "0200 0102", [1, 2]],
  ["sized", sized(4, list(u16)), "00010002", [1, 2]],
  ["list", list(u16), "00010002", [1, 2]],
  ["array", array(2, u8), "0102", [1, 2]],
  ["counted", counted(u8, u16), "0200010002", [1, 2]],
  ["oneOf", oneOf(u8, colours), "02", "green"],
  ["oneOfOrNumber, known", oneOfOrNumber(u8, colours), "01", "red"],
  ["oneOfOrNumber, unknown", oneOfOrNumber(u8, colours), "09", 9],
  ["optional, present", optional(u8), "07", 7],
  ["optional, absent", optional(u8), "", undefined],
  ["refine", refine(u8, (value) => (value > 5 ? undefined : "is small")), "06", 6],
  ["mapped", mapped(u8, { decode: (n) => n * 2, encode: (n) => n / 2 }), "03", 6],
  ["struct", struct({ a: u8, b: struct({ c: u16 }) }), "010002", { a: 1, b: { c: 2 } }],
  [
    "struct with constants and padding",
    struct({ magic: magic("OK"), cookie: literal(u32, 0x63825363), gap: padding(2), a: u8 }),
    "4f4b 63825363 0000 07",
    { a: 7 },
  ],
  ["tlv", tlv(rows), "0104ffffff00 0c0161", { mask: "255.255.255.0", name: "a" }],
  ["tlv in another order", tlv(rows), "0c0161 0104ffffff00", { name: "a", mask: "255.255.255.0" }],
  ["tlv of no length", tlv(rows), "5000", { rapid: true }],
  [
    "tlv with an unknown code",
    tlv(rows),
    "0c0161 0902beef",
    { name: "a", unknown: [{ code: 9, value: hex("beef") }] },
  ],
  ["tlv with wide codes", tlv(rows, { code: u16, size: u16le }), "000c 0100 61", { name: "a" }],
  ["an empty tlv", tlv(rows), "", {}],
];

describe("a table", () => {
  test.each(golden)("decodes %s", (_, codec, bytes, value) => {
    expect(decode(codec, hex(bytes))).toEqual(value);
  });

  test.each(golden)("encodes %s", (_, codec, bytes, value) => {
    expect(encode(codec, value).toHex()).toBe(bytes.replaceAll(" ", ""));
  });

  test("gives the type", () => {
    const codec = struct({
      gap: padding(2),
      magic: magic("OK"),
      flags: bits({ up: 1, unused: 7 }),
      colour: oneOf(u8, colours),
      options: prefixed(u8, tlv(rows)),
      tail: optional(u64List),
    });
    expectTypeOf<ValueOf<typeof codec>["flags"]>().toEqualTypeOf<{ up: number; unused: number }>();
    expectTypeOf<ValueOf<typeof codec>["colour"]>().toEqualTypeOf<"red" | "green">();
    expectTypeOf<ValueOf<typeof codec>["tail"]>().toEqualTypeOf<readonly bigint[] | undefined>();
    expectTypeOf<ValueOf<typeof codec>["options"]["mask"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<keyof ValueOf<typeof codec>>().toEqualTypeOf<"flags" | "colour" | "options" | "tail">();
  });
});

describe("reading", () => {
  test("shares the input's memory", () => {
    const input = hex("aa 02 0102").subarray(1);
    const value = decode(prefixed(u8, rest), input);
    input[1] = 0xee;
    expect(value).toEqual(hex("ee02"));
  });

  test.each([
    ["a number in the padding", text(4), "61006200", "a"],
    ["padding that is not zero", struct({ gap: padding(2), a: u8 }), "ffff07", { a: 7 }],
  ])("tolerates %s", (_, codec: Codec<unknown>, bytes, value) => {
    expect(decode(codec, hex(bytes))).toEqual(value);
  });

  test("a prefix tells its size", () => {
    expect(decodePrefix(u16, hex("000102"))).toEqual({ value: 1, size: 2 });
  });

  test.each([
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["::192.0.2.1", "::c000:201"],
    ["1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ])("an IPv6 address may be written %s", (written, canonical) => {
    expect(decode(ipv6, encode(ipv6, written))).toBe(canonical);
  });
});

describe("writing", () => {
  test("reuses the buffer it is given when it suffices", () => {
    const into = new Uint8Array(8);
    const written = encode(u16, 0x0102, into);
    expect(written.buffer).toBe(into.buffer);
    expect(written).toEqual(hex("0102"));
  });

  test("grows past a buffer that is too small", () => {
    expect(encode(rest, hex("0102030405"), new Uint8Array(2))).toEqual(hex("0102030405"));
  });

  test("loses no byte where the buffer ends, whatever is written there", () => {
    const codec = struct({
      number: u8,
      flag: integers.bool8,
      blob: bytes(3),
      name: text(2),
      more: array(2, u8),
    });
    const value = { number: 1, flag: true, blob: hex("020304"), name: "ab", more: [5, 6] };
    for (let room = 0; room < 12; room++)
      expect(encode(codec, value, new Uint8Array(room))).toEqual(hex("010102030461620506"));
  });

  test("results do not share memory with one another", () => {
    const first = encode(u16, 1);
    encode(u16, 2);
    expect(first).toEqual(hex("0001"));
  });

  test("may happen inside writing", () => {
    const nested = mapped(rest, {
      decode: (bytes) => decode(u16, bytes),
      encode: (value: number) => encode(u16, value),
    });
    expect(encode(struct({ a: u8, b: nested }), { a: 1, b: 2 })).toEqual(hex("010002"));
  });

  test("overwrites what was in the buffer, padding included", () => {
    const into = new Uint8Array(8).fill(0xff);
    expect(encode(struct({ gap: padding(2), name: text(3) }), { name: "a" }, into)).toEqual(
      hex("0000610000"),
    );
  });
});
