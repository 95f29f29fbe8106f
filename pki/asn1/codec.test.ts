import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Codec, decode } from "./codec.ts";
import {
  choice,
  defaulted,
  explicit,
  implicit,
  optional,
  sequence,
  sequenceOf,
  setOf,
} from "./constructed.ts";
import { any, bitString, boolean, integer, namedBits, nothing, octetString, oid } from "./primitives.ts";
import { ia5String, printableString, time, utf8String } from "./strings.ts";

const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");
const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");
const row = <T>(name: string, codec: Codec<T>, value: T, encoding: string) =>
  ({ name, codec: codec as Codec<unknown>, value, encoding: encoding.replaceAll(" ", "") }) as const;

const person = sequence({
  name: utf8String,
  age: defaulted(integer, 0n),
  admin: optional(explicit(0, boolean)),
});

test.each([
  row("true", boolean, true, "01 01 ff"),
  row("zero", integer, 0n, "02 01 00"),
  row("a number that needs a leading zero", integer, 128n, "02 02 00 80"),
  row("a serial number", integer, 0x0102030405060708090an, "02 0a 0102030405060708090a"),
  row("whole octets of bits", bitString, bytes("beef"), "03 03 00 beef"),
  row("named bits", namedBits(["a", "b", "c"]), ["a", "c"], "03 02 05 a0"),
  row("named bits in two octets", namedBits("abcdefghi".split("")), ["a", "i"], "03 03 07 8080"),
  row("no bits", namedBits(["a"]), [], "03 01 00"),
  row("octets", octetString, bytes("00ff"), "04 02 00ff"),
  row("null", nothing, null, "05 00"),
  row("RSA's object identifier", oid, "1.2.840.113549.1.1.11", "06 09 2a864886f70d01010b"),
  row("an arc above 2.39", oid, "2.999.3", "06 03 883703"),
  row("UTF-8", utf8String, "ü", "0c 02 c3bc"),
  row("printable text", printableString, "os:admin", "13 08 6f733a61646d696e"),
  row("ASCII", ia5String, "a@b", "16 03 614062"),
  row("a time before 2050", time, new Date("2049-12-31T23:59:59Z"), "17 0d 3439313233313233353935395a"),
  row("a time from 2050", time, new Date("2050-01-01T00:00:00Z"), "18 0f 32303530303130313030303030305a"),
  row("the last time", time, new Date("9999-12-31T23:59:59Z"), "18 0f 39393939313233313233353935395a"),
  row("a long value", octetString, Buffer.alloc(200, 1), `04 81c8 ${"01".repeat(200)}`),
  row("a longer value", octetString, Buffer.alloc(300, 1), `04 82012c ${"01".repeat(300)}`),
  row("a sequence", person, { name: "a", age: 7n, admin: true }, "30 0b 0c0161 020107 a003 0101ff"),
  row(
    "a sequence without what may be left out",
    person,
    { name: "a", age: 0n, admin: undefined },
    "30 03 0c0161",
  ),
  row("a list", sequenceOf(integer), [2n, 1n], "30 06 020102 020101"),
  row("a set in its order", setOf(integer), [1n, 2n], "31 06 020101 020102"),
  row("an implicit tag", implicit(2, ia5String, "primitive"), "a", "82 01 61"),
  row(
    "an alternative",
    choice({ text: utf8String, number: integer }),
    { is: "number", value: 5n },
    "02 01 05",
  ),
])("$name is written and read", ({ codec, value, encoding }) => {
  expect(hex(codec.encode(value))).toBe(encoding);
  expect(decode(codec, bytes(encoding))).toEqual(value);
});

const refused = (name: string, codec: Codec<unknown>, encoding: string, why: string) => ({
  name,
  codec,
  encoding,
  why,
});

test.each([
  refused("nothing at all", any, "", "ends inside an element's header"),
  refused("a header cut short", any, "04 82 01", "ends inside an element's header"),
  refused("an indefinite length", any, "30 80 0000", "indefinite length"),
  refused("a length in four octets", any, "04 84 00000001 00", "claims a length of 4 octets"),
  refused("a length longer than needed", any, "04 81 01 00", "longer than needed"),
  refused("a long length with a leading zero", any, `04 82 0080 ${"00".repeat(128)}`, "longer than needed"),
  refused("more promised than there is", any, "04 05 00", "promises 5 bytes where 1 are left"),
  refused("more than 64 KiB", any, "04 83 010001 00", "longer than 65536 bytes"),
  refused("a tag number above 30", any, "1f 22 00", "tag number above 30"),
  refused("bytes after the end", boolean, "01 01 ff 00", "1 bytes follow its end"),
  refused("another type", boolean, "02 01 00", "cannot begin with tag 0x02"),
  refused("a boolean that is neither", boolean, "01 01 01", "00 or ff"),
  refused("a number without octets", integer, "02 00", "0 octets"),
  refused("a number with a needless zero", integer, "02 02 0001", "needless leading zero"),
  refused("a negative number", integer, "02 01 80", "negative"),
  refused("a number of 21 octets", integer, `02 15 01${"00".repeat(20)}`, "21 octets"),
  refused("bits that are not whole octets", bitString, "03 02 01 fe", "not whole octets"),
  refused("named bits with trailing zeros", namedBits(["a", "b"]), "03 02 00 80", "trailing zeros"),
  refused("a named bit without a name", namedBits(["a"]), "03 02 06 40", "no meaning"),
  refused("named bits without octets", namedBits(["a"]), "03 01 07", "more unused bits than bits"),
  refused("an identifier that ends inside an arc", oid, "06 02 2a86", "ends inside an arc"),
  refused("an identifier with a leading zero", oid, "06 03 2a8001", "needless leading zero"),
  refused("an identifier with an enormous arc", oid, `06 0b 2a ${"ff".repeat(9)}7f`, "above 2^53"),
  refused("text that is not UTF-8", utf8String, "0c 01 ff", "not UTF-8"),
  refused("a star in printable text", printableString, "13 01 2a", "no PrintableString"),
  refused("30 February", time, "17 0d 3236303233303030303030305a", "a time that is none"),
  refused("a time without seconds", time, "17 0b 323630323031303030305a", "a time that is none"),
  refused("a generalized time before 2050", time, "18 0f 32303439303130313030303030305a", "UTCTime is due"),
  refused("a set out of order", setOf(integer), "31 06 020102 020101", "not in order"),
  refused("a default that is written", person, "30 06 0c0161 020100", "age: writes its default value"),
  refused("a field that is missing", person, "30 00", "name: is missing"),
  refused("a field too many", person, "30 06 0c0161 040100", "3 bytes follow its last field"),
  refused("a field inside a field", person, "30 08 0c0161 a003 010101", "admin: a boolean is one octet"),
  refused("an item of a list", sequenceOf(integer), "30 06 020101 020180", "[1]: a negative number"),
])("$name is refused", ({ codec, encoding, why }) => {
  expect(() => decode(codec, bytes(encoding))).toThrow(why);
});

test("every number, identifier, time and text comes back as it was written", () => {
  const second = fc
    .date({
      min: new Date("1950-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    })
    .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
  const arcs = fc.tuple(fc.nat(2), fc.nat(39), fc.array(fc.maxSafeNat(), { maxLength: 7 }));
  const usages = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
  const all = sequence({
    number: integer,
    id: oid,
    time,
    text: utf8String,
    bits: namedBits(usages),
    items: setOf(octetString),
  });
  fc.assert(
    fc.property(
      fc.record({
        number: fc.bigInt({ min: 0n, max: 2n ** 152n }),
        id: arcs.map(([first, second, rest]) => [first, second, ...rest].join(".")),
        time: second,
        text: fc.string({ unit: "grapheme" }).map((text) => text.toWellFormed()),
        bits: fc.subarray(usages),
        items: fc.array(fc.uint8Array({ maxLength: 300 }).map((item) => Buffer.from(item))),
      }),
      (value) => {
        const encoded = all.encode(value);
        const decoded = decode(all, encoded);
        const sorted = (items: readonly Uint8Array[]) => items.map(hex).sort();
        expect({ ...decoded, items: sorted(decoded.items) }).toEqual({
          ...value,
          items: sorted(value.items),
        });
        expect(hex(all.encode(decoded))).toBe(hex(encoded));
      },
    ),
  );
});
