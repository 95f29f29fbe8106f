// Every failure says where: the path of the field and the byte at which it begins.
import { describe, expect, test } from "vitest";
import { ipv4, ipv6, mac } from "./addresses.ts";
import { bits } from "./bits.ts";
import { bytes } from "./bytes.ts";
import { type Codec, decode, decodePrefix, encode } from "./codec.ts";
import { literal, magic, present } from "./constants.ts";
import { WireError } from "./error.ts";
import { bool8, i8, i32, u8, u16, u24, u32, u64 } from "./integers.ts";
import { array, counted, list } from "./lists.ts";
import { oneOf, oneOfOrNumber } from "./one-of.ts";
import { prefixed, sized } from "./prefixed.ts";
import { mapped, refine } from "./refine.ts";
import { struct } from "./struct.ts";
import { cstring, restText, text } from "./text.ts";
import { tlv } from "./tlv.ts";
import { uuid } from "./uuid.ts";

const hex = (digits: string) => Uint8Array.fromHex(digits.replaceAll(" ", ""));

const machine = struct({
  id: u16,
  cards: counted(u8, struct({ address: mac, options: prefixed(u8, tlv({ routers: [3, list(ipv4)] })) })),
});
const never = refine(u8, () => "is refused");
const throwing = mapped(u8, {
  decode: () => {
    throw new RangeError("no such thing");
  },
  encode: () => {
    throw new RangeError("no such thing");
  },
});

function failure(action: () => unknown): WireError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return error as WireError;
  }
  throw new Error("did not fail");
}

const unreadable: readonly (readonly [
  what: string,
  codec: Codec<unknown>,
  bytes: string,
  message: string,
])[] = [
  ["an empty input", u8, "", "Cannot decode at byte 0: needs 1 byte, 0 left"],
  ["a short number", u32, "0102", "Cannot decode at byte 0: needs 4 bytes, 2 left"],
  ["bytes after the value", u8, "010203", "Cannot decode at byte 1: 2 bytes left over"],
  ["a short field", struct({ a: u8, b: u16 }), "0101", "Cannot decode b at byte 1: needs 2 bytes, 1 left"],
  ["a short element", list(u16), "0001 02", "Cannot decode [1] at byte 2: needs 2 bytes, 1 left"],
  ["a short array", array(2, u8), "01", "Cannot decode [1] at byte 1: needs 1 byte, 0 left"],
  [
    "a value deep inside",
    machine,
    "0001 02 525400000001 00 525400000002 05 0303 0a0000",
    "Cannot decode cards[1].options.routers[0] at byte 19: needs 4 bytes, 3 left",
  ],
  [
    "a prefix that promises too much",
    prefixed(u8, restText),
    "0561",
    "Cannot decode at byte 1: needs 5 bytes, 1 left",
  ],
  [
    "a prefix that leaves bytes over",
    prefixed(u8, u8),
    "020102",
    "Cannot decode at byte 2: 1 byte left over",
  ],
  ["a prefix below zero", prefixed(i8, restText), "ff61", "Cannot decode at byte 1: a size of -1 bytes"],
  ["a boolean of two", bool8, "02", "Cannot decode at byte 0: 2 is neither 0 nor 1"],
  ["a string without its NUL", cstring, "6162", "Cannot decode at byte 0: has no NUL at its end"],
  ["a wrong constant", literal(u16, 0x6382), "0001", "Cannot decode at byte 0: is 0x1 instead of 0x6382"],
  ["a wrong magic", magic("OK"), "4e4b", "Cannot decode at byte 0: does not begin with 4f4b"],
  ["an unknown name", oneOf(u8, { red: 1 }), "02", "Cannot decode at byte 0: 2 is none of red (1)"],
  ["a refused value", struct({ a: u8, b: never }), "0102", "Cannot decode b at byte 1: is refused"],
  ["what a conversion throws", struct({ a: throwing }), "01", "Cannot decode a at byte 1: no such thing"],
  [
    "a code that comes twice",
    tlv({ a: [1, u8] }),
    "010101 010102",
    "Cannot decode a at byte 3: occurs twice",
  ],
  [
    "an unknown code cut short",
    tlv({}),
    "0905 01",
    "Cannot decode unknown[0] at byte 2: needs 5 bytes, 1 left",
  ],
  [
    "an endless list of nothing",
    list(present),
    "01",
    "Cannot decode [0] at byte 0: is an element of no bytes",
  ],
  [
    "four billion elements of nothing",
    counted(u32, present),
    "ffffffff",
    "Cannot decode [0] at byte 4: is an element of no bytes",
  ],
];

const unwritable: readonly (readonly [
  what: string,
  codec: Codec<unknown>,
  value: unknown,
  message: string,
])[] = [
  ["300 in a byte", u8, 300, "Cannot encode at byte 0: 300 is not a whole number from 0 to 255"],
  ["a fraction", u16, 1.5, "Cannot encode at byte 0: 1.5 is not a whole number from 0 to 65535"],
  ["NaN", u24, Number.NaN, "Cannot encode at byte 0: NaN is not a whole number from 0 to 16777215"],
  ["a negative number", u32, -1, "Cannot encode at byte 0: -1 is not a whole number from 0 to 4294967295"],
  [
    "too much for 64 bits",
    u64,
    2n ** 64n,
    "Cannot encode at byte 0: 18446744073709551616 is not a whole number from 0 to 18446744073709551615",
  ],
  ["128 in a signed byte", i8, 128, "Cannot encode at byte 0: 128 is not a whole number from -128 to 127"],
  [
    "too much for a signed word",
    i32,
    2 ** 31,
    "Cannot encode at byte 0: 2147483648 is not a whole number from -2147483648 to 2147483647",
  ],
  [
    "too wide a bit field",
    bits({ a: 4, b: 4 }),
    { a: 1, b: 16 },
    "Cannot encode b at byte 0: 16 is not a whole number from 0 to 15",
  ],
  ["too few bytes", bytes(4), hex("0102"), "Cannot encode at byte 0: has 2 bytes instead of 4"],
  ["too long a text", text(2), "abc", "Cannot encode at byte 0: 3 characters do not fit in 2 bytes"],
  ["a NUL in padded text", text(4), "a\0b", "Cannot encode at byte 0: holds a NUL"],
  ["a NUL in a C string", cstring, "a\0b", "Cannot encode at byte 0: holds a NUL"],
  ["a character without a byte", restText, "→", 'Cannot encode at byte 0: "→" has no byte in Latin-1'],
  ["half a MAC address", mac, "52:54:00", 'Cannot encode at byte 0: "52:54:00" is not a MAC address'],
  [
    "an IPv4 address of 256",
    ipv4,
    "10.0.0.256",
    'Cannot encode at byte 0: "10.0.0.256" is not an IPv4 address',
  ],
  [
    "an IPv4 address that some read as octal",
    ipv4,
    "10.0.0.010",
    'Cannot encode at byte 0: "10.0.0.010" is not an IPv4 address',
  ],
  [
    "an IPv6 address of two gaps",
    ipv6,
    "1::2::3",
    'Cannot encode at byte 0: "1::2::3" is not an IPv6 address',
  ],
  [
    "an IPv6 address of nine groups",
    ipv6,
    "1:2:3:4:5:6:7:8:9",
    'Cannot encode at byte 0: "1:2:3:4:5:6:7:8:9" is not an IPv6 address',
  ],
  [
    "a gap of nothing",
    ipv6,
    "1:2:3:4:5:6:7:8::",
    'Cannot encode at byte 0: "1:2:3:4:5:6:7:8::" is not an IPv6 address',
  ],
  [
    "an IPv4 address before a gap",
    ipv6,
    "192.0.2.1::",
    'Cannot encode at byte 0: "192.0.2.1::" is not an IPv6 address',
  ],
  ["1:::192.0.2.1", ipv6, "1:::192.0.2.1", 'Cannot encode at byte 0: "1:::192.0.2.1" is not an IPv6 address'],
  ["a short UUID", uuid, "0011", 'Cannot encode at byte 0: "0011" is not a UUID'],
  [
    "a name outside the table",
    oneOf(u8, { red: 1 }),
    "blue",
    "Cannot encode at byte 0: blue is none of red (1)",
  ],
  [
    "such a name where numbers pass",
    oneOfOrNumber(u8, { red: 1 }),
    "blue",
    "Cannot encode at byte 0: blue is none of red (1)",
  ],
  ["the wrong number of elements", array(2, u8), [1], "Cannot encode at byte 0: has 1 elements instead of 2"],
  [
    "what does not fill its region",
    sized(4, list(u8)),
    [1],
    "Cannot encode at byte 0: takes 1 bytes instead of 4",
  ],
  [
    "what overflows its prefix",
    prefixed(u8, restText),
    "a".repeat(256),
    "Cannot encode at byte 0: 256 is not a whole number from 0 to 255",
  ],
  [
    "an element",
    struct({ a: u8, b: list(u8) }),
    { a: 1, b: [1, 2, 300] },
    "Cannot encode b[2] at byte 3: 300 is not a whole number from 0 to 255",
  ],
  ["a refused value", struct({ a: never }), { a: 1 }, "Cannot encode a at byte 0: is refused"],
  ["what a conversion throws", struct({ a: throwing }), { a: 1 }, "Cannot encode a at byte 0: no such thing"],
  [
    "an option outside the table",
    tlv({ a: [1, u8] }),
    { b: 1 },
    "Cannot encode b at byte 0: is not in the table",
  ],
  [
    "an option's value",
    tlv({ a: [1, list(u8)] }),
    { a: [1, -1] },
    "Cannot encode a[1] at byte 3: -1 is not a whole number from 0 to 255",
  ],
];

describe("decoding", () => {
  test.each(unreadable)("refuses %s", (_, codec, bytes, message) => {
    expect(failure(() => decode(codec, hex(bytes))).message).toBe(message);
  });

  test("a prefix refuses what is too short", () => {
    expect(failure(() => decodePrefix(u16, hex("01"))).offset).toBe(0);
  });
});

describe("encoding", () => {
  test.each(unwritable)("refuses %s", (_, codec, value, message) => {
    expect(failure(() => encode(codec, value)).message).toBe(message);
  });

  test("refuses a value of the wrong shape with this room's error and the cause", () => {
    const error = failure(() => encode(struct({ a: list(u8) }), { a: undefined as never }));
    expect(error.path).toBe("a[0]");
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("works after a failure", () => {
    failure(() => encode(struct({ a: u8, b: u8 }), { a: 1, b: 300 }));
    expect(encode(u8, 7)).toEqual(hex("07"));
  });
});

describe("a table that makes no sense is refused when it is written down", () => {
  test.each([
    ["two rows of one code", () => tlv({ a: [1, u8], b: [1, u8] }), "b and a both have code 1"],
    [
      "a row named unknown",
      () => tlv({ unknown: [1, u8] } as never),
      "unknown is for codes outside the table",
    ],
    ["bits that fill no carrier", () => bits({ a: 3 }), "3 bits fill no number of 8, 16, 24 or 32"],
    ["bits that do not fill theirs", () => bits({ a: 8 }, u16), "8 bits do not fill a number of 16"],
  ])("%s", (_, build, reason) => {
    expect(build).toThrow(reason);
  });
});
