// What is written is read again, for every combinator and any value; what is read never fails in another way.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ipv4, ipv6, mac } from "./addresses.ts";
import { bits } from "./bits.ts";
import { bytes, padding, rest } from "./bytes.ts";
import { type Codec, decode, encode } from "./codec.ts";
import { magic } from "./constants.ts";
import { WireError } from "./error.ts";
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

const { u8, u16, u32, u16le } = integers;

const unsigned = (width: number) => fc.integer({ min: 0, max: 2 ** width - 1 });
const signed = (width: number) => fc.integer({ min: -(2 ** (width - 1)), max: 2 ** (width - 1) - 1 });
const big = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const blob = (least = 0, most = 64) => fc.uint8Array({ minLength: least, maxLength: most, size: "max" });
const latin = (most: number, least = 0) =>
  fc
    .array(fc.integer({ min: least, max: 255 }), { maxLength: most, size: "max" })
    .map((codes) => String.fromCharCode(...codes));
const numbers = (width: number) => fc.array(unsigned(width), { maxLength: 60, size: "max" });
const address = blob(4, 4).map((parts) => parts.join("."));
const hexDigits = (size: number) => blob(size, size).map((value) => value.toHex());
const uuidText = hexDigits(16).map((digits) => digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
const names = { red: 1, green: 2 } as const;
const rows = { mask: [1, ipv4], routers: [3, list(ipv4)], name: [12, restText] } as const;

interface Case<T = unknown> {
  readonly what: string;
  readonly codec: Codec<T>;
  readonly values: fc.Arbitrary<T>;
}
const of = <T>(what: string, codec: Codec<T>, values: fc.Arbitrary<NoInfer<T>>): Case => ({
  what,
  codec,
  values,
});

const cases: readonly Case[] = [
  of("u8", integers.u8, unsigned(8)),
  of("u16", integers.u16, unsigned(16)),
  of("u24", integers.u24, unsigned(24)),
  of("u32", integers.u32, unsigned(32)),
  of("u64", integers.u64, big),
  of("u16le", integers.u16le, unsigned(16)),
  of("u24le", integers.u24le, unsigned(24)),
  of("u32le", integers.u32le, unsigned(32)),
  of("u64le", integers.u64le, big),
  of("i8", integers.i8, signed(8)),
  of("i16", integers.i16, signed(16)),
  of("i32", integers.i32, signed(32)),
  of("i16le", integers.i16le, signed(16)),
  of("i32le", integers.i32le, signed(32)),
  of("bool8", integers.bool8, fc.boolean()),
  of(
    "bits",
    bits({ a: 1, b: 3, c: 12, d: 16 }),
    fc.record({ a: unsigned(1), b: unsigned(3), c: unsigned(12), d: unsigned(16) }),
  ),
  of("bytes", bytes(5), blob(5, 5)),
  of("rest", rest, blob()),
  of("text", text(16), latin(16, 1)),
  of("restText", restText, latin(64)),
  of("cstring", cstring, latin(64, 1)),
  of(
    "mac",
    mac,
    hexDigits(6).map((digits) => digits.replace(/(..)(?!$)/g, "$1:")),
  ),
  of("ipv4", ipv4, address),
  of(
    "ipv6",
    ipv6,
    blob(16, 16).map((value) => decode(ipv6, value)),
  ),
  of(
    "ipv6 with gaps",
    ipv6,
    fc
      .array(fc.constantFrom(0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 })
      .map((groups) => decode(ipv6, encode(array(8, u16), groups))),
  ),
  of("uuid", uuid, uuidText),
  of("uuidMixed", uuidMixed, uuidText),
  of("prefixed", prefixed(u8, restText), latin(255)),
  of("sized", sized(8, array(2, u32)), fc.tuple(unsigned(32), unsigned(32))),
  of("list", list(u16), numbers(16)),
  of("array", array(3, u8), fc.tuple(unsigned(8), unsigned(8), unsigned(8))),
  of("counted", counted(u16le, u16), numbers(16)),
  of("oneOf", oneOf(u8, names), fc.constantFrom("red", "green")),
  of("oneOfOrNumber", oneOfOrNumber(u8, names), fc.constantFrom("red" as const, "green" as const, 0, 3, 255)),
  of("optional", optional(u16), fc.option(unsigned(16), { nil: undefined })),
  of(
    "refine",
    refine(u8, (value) => (value % 2 === 0 ? undefined : "is odd")),
    unsigned(7).map((n) => n * 2),
  ),
  of(
    "mapped",
    mapped(u8, { decode: (n) => -n, encode: (n) => Math.abs(n) }),
    unsigned(8).map((n) => -n),
  ),
  of(
    "struct",
    struct({ magic: magic("OK"), a: u8, gap: padding(3), b: prefixed(u8, list(u16)), c: rest }),
    fc.record({ a: unsigned(8), b: numbers(16), c: blob() }),
  ),
  of(
    "tlv",
    tlv(rows),
    fc.record(
      {
        mask: address,
        routers: fc.array(address, { maxLength: 10 }),
        name: latin(255),
        unknown: fc.array(fc.record({ code: fc.integer({ min: 13, max: 255 }), value: blob(0, 255) }), {
          minLength: 1,
          maxLength: 5,
        }),
      },
      { requiredKeys: [] },
    ),
  ),
];

describe.each(cases)("$what", ({ codec, values }) => {
  test("reads what it wrote", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(codec, encode(codec, value))).toEqual(value);
      }),
    );
  });

  test("refuses what it cannot read with a WireError inside the input", () => {
    fc.assert(
      fc.property(blob(0, 300), (input) => {
        try {
          decode(codec, input);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
          expect((error as WireError).offset).toBeLessThanOrEqual(input.length);
        }
      }),
    );
  });

  test("refuses what it cannot write with a WireError", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          encode(codec, value);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});
