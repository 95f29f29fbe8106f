import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, encode } from "../codec.ts";
import { WireError } from "../error.ts";
import { encodeToFit } from "./encode-to-fit.ts";
import type { Options } from "./options.ts";
import { type Packet, packet } from "./packet.ts";

const hex = (digits: string) => Uint8Array.fromHex(digits.replaceAll(/\s/g, ""));

const blank: Packet = {
  op: "request",
  hardwareType: 1,
  hardwareLength: 6,
  hops: 0,
  transactionId: 0x12345678,
  seconds: 0,
  broadcast: false,
  clientAddress: "0.0.0.0",
  yourAddress: "0.0.0.0",
  serverAddress: "0.0.0.0",
  relayAddress: "0.0.0.0",
  mac: "52:54:00:12:34:56",
  serverName: "",
  file: "",
  options: {},
};
const headerSize = 240;
const header = encode(packet, blank).subarray(0, headerSize);

/** A packet with these bytes as its options, and in the fields of BOOTP. */
function packetOf(options: string, { file = "", serverName = "" } = {}): Uint8Array {
  const bytes = new Uint8Array(headerSize + hex(options).length);
  bytes.set(header);
  bytes.set(hex(options), headerSize);
  bytes.set(hex(file), 108);
  bytes.set(hex(serverName), 44);
  return bytes;
}
const optionsOf = (options: string, fields?: { file?: string; serverName?: string }) =>
  decode(packet, packetOf(options, fields)).options;
const writtenOptions = (options: Options) =>
  encode(packet, { ...blank, options })
    .subarray(headerSize)
    .toHex();

const captures = globSync("*.hex", { cwd: join(import.meta.dirname, "captures") }).map((file) => {
  const path = join(import.meta.dirname, "captures", basename(file, ".hex"));
  return {
    name: basename(file, ".hex"),
    bytes: hex(readFileSync(`${path}.hex`, "utf8")),
    golden: JSON.parse(readFileSync(`${path}.json`, "utf8")) as unknown,
  };
});

const bytesAsHex = (_: string, value: unknown) => (value instanceof Uint8Array ? value.toHex() : value);

describe.each(captures)("the captured $name", ({ bytes, golden }) => {
  test("says what its text says", () => {
    expect(JSON.parse(JSON.stringify(decode(packet, bytes), bytesAsHex))).toEqual(golden);
  });

  test("says the same when it is written again", () => {
    const value = decode(packet, bytes);
    expect(decode(packet, encode(packet, value))).toEqual(value);
  });
});

test.each(["edk2-pxe-discover", "edk2-pxe-request", "edk2-http-discover", "udhcpc-request"])(
  "the captured %s is written again byte for byte",
  (name) => {
    const { bytes } = captures.find((capture) => capture.name === name)!;
    expect(encode(packet, decode(packet, bytes)).toHex()).toBe(bytes.toHex());
  },
);

describe("options", () => {
  test.each<[what: string, bytes: string, options: Options]>([
    ["none at all", "", {}],
    ["without an end", "350101", { messageType: "discover" }],
    ["with pads between them", "00 350101 0000 0c0161 ff", { messageType: "discover", hostName: "a" }],
    ["with garbage after the end", "350101 ff 0c0161", { messageType: "discover" }],
    ["text that ends in NULs", "0c03610000 ff", { hostName: "a" }],
    ["text of nothing", "0c00 ff", { hostName: "" }],
    ["rapid commit", "5000 ff", { rapidCommit: true }],
    ["outside the table", "e002beef ff", { unknown: [{ code: 224, value: hex("beef") }] }],
    ["a value in two pieces", "0c0161 350101 0c0162 ff", { hostName: "ab", messageType: "discover" }],
    ["an unknown value in two pieces", "e001be e001ef ff", { unknown: [{ code: 224, value: hex("beef") }] }],
    [
      "a piece that ends inside an address",
      "03060a000001 0a00 03020002 ff",
      { routers: ["10.0.0.1", "10.0.0.2"] },
    ],
    ["iPXE's, without an end", "af03 130101 ff", { ipxe: { http: 1 } }],
    ["iPXE's, with an end", "af04 b00101 ff ff", { ipxe: { noProxyDhcp: 1 } }],
    ["several architectures", "5d0400070009 ff", { clientArchitectures: [7, 9] }],
    [
      "classless routes",
      "791400 0a000001 080a 0a000002 190a010280 0a000003 ff",
      {
        classlessStaticRoutes: [
          { destination: "0.0.0.0/0", router: "10.0.0.1" },
          { destination: "10.0.0.0/8", router: "10.0.0.2" },
          { destination: "10.1.2.128/25", router: "10.0.0.3" },
        ],
      },
    ],
    [
      "domain names with pointers",
      "770f 0161 0363 6f6d 00 0162 c002 01 63 c007 ff",
      { domainSearch: ["a.com", "b.com", "c.b.com"] },
    ],
  ])("are read: %s", (_, bytes, options) => {
    const read = decode(packet, packetOf(bytes));
    expect(read.malformed).toBeUndefined();
    expect(read.options).toEqual(options);
  });

  test.each<[what: string, options: Options, bytes: string]>([
    ["in the order of the keys", { routers: ["10.0.0.1"], messageType: "ack" }, "03040a000001 350105 ff"],
    ["but not what is undefined", { hostName: undefined, messageType: "nak" }, "350106 ff"],
    [
      "unknown ones last",
      { unknown: [{ code: 224, value: hex("be") }], messageType: "nak" },
      "350106 e001be ff",
    ],
    ["what iPXE and EDK2 need to hear", { ipxe: { noProxyDhcp: 1 } }, "af04b00101ff ff"],
    [
      "the machine's UUID as firmware writes it",
      { clientMachineUuid: "00112233-4455-6677-8899-aabbccddeeff" },
      "61110033221100554477668899aabbccddeeff ff",
    ],
    [
      "values above 255 bytes in pieces",
      { rootPath: "a".repeat(300) },
      `11ff${"61".repeat(255)} 112d${"61".repeat(45)} ff`,
    ],
  ])("are written %s", (_, options, bytes) => {
    const expected = bytes.replaceAll(" ", "");
    expect(writtenOptions(options).slice(0, expected.length)).toBe(expected);
    expect(writtenOptions(options).slice(expected.length)).toMatch(/^0*$/);
  });

  test("continue in file, then in sname", () => {
    const fields = { file: "0c0162 ff", serverName: "0c0163 0f0178 ff" };
    const read = decode(packet, packetOf("340103 0c0161 350101 ff", fields));
    expect(read.options).toEqual({ hostName: "abc", messageType: "discover", domainName: "x" });
    expect([read.file, read.serverName]).toEqual(["", ""]);
  });

  test("continue only where the overload option says", () => {
    const read = decode(packet, packetOf("340101 ff", { file: "0c0162 ff", serverName: "6e6f6465" }));
    expect(read.options).toEqual({ hostName: "b" });
    expect(read.serverName).toBe("node");
  });
});

describe("an option that cannot be read is kept with the reason, and the packet with it", () => {
  test.each<[what: string, bytes: string, code: number, value: string, why: string]>([
    [
      "an address of three bytes",
      "01030a0000 350101 ff",
      1,
      "0a0000",
      "subnetMask at byte 242: needs 4 bytes, 3 left",
    ],
    [
      "half an address in a list",
      "03050a00000100 350101 ff",
      3,
      "0a00000100",
      "routers[1] at byte 246: needs 4 bytes, 1 left",
    ],
    [
      "a number with a byte too many",
      "3903ffffff 350101 ff",
      57,
      "ffffff",
      "maximumMessageSize at byte 244: 1 byte left over",
    ],
    [
      "a UUID of another type",
      `6111${"01".repeat(17)} 350101 ff`,
      97,
      "01".repeat(17),
      "clientMachineUuid.type at byte 242: is 0x1 instead of 0x0",
    ],
    [
      "a mask wider than an address",
      "790221ff 350101 ff",
      121,
      "21ff",
      "classlessStaticRoutes[0] at byte 242: a mask of 33 bits is wider than an address",
    ],
    [
      "a pointer to itself",
      "7702c000 350101 ff",
      119,
      "c000",
      "domainSearch at byte 242: a pointer does not point backwards",
    ],
    [
      "a length that runs past the end",
      "350101 0c0561",
      12,
      "61",
      "hostName at byte 245: its length runs past the end of the options",
    ],
    [
      "a code without a length",
      "350101 0c",
      12,
      "",
      "hostName at byte 244: its length runs past the end of the options",
    ],
    [
      "pieces that do not fit together",
      "390105 350101 390205dc ff",
      57,
      "0505dc",
      "maximumMessageSize at byte 2: 1 byte left over",
    ],
  ])("%s", (_, bytes, code, value, why) => {
    const read = decode(packet, packetOf(bytes));
    expect(read.options).toEqual({ messageType: "discover" });
    expect(read.malformed).toEqual([{ code, value: hex(value), why: `Cannot decode ${why}` }]);
  });

  test("and written again as it came", () => {
    const read = decode(packet, packetOf("01030a0000 ff"));
    expect(
      encode(packet, read)
        .subarray(headerSize, headerSize + 6)
        .toHex(),
    ).toBe("01030a0000ff");
  });

  test("an unknown message type is no message type", () => {
    expect(optionsOf("350163 ff").messageType).toBeUndefined();
  });
});

describe("a packet is refused", () => {
  test.each<[what: string, change: (bytes: Uint8Array) => Uint8Array, message: string]>([
    [
      "without a whole header",
      (bytes) => bytes.subarray(0, 200),
      "Cannot decode file at byte 108: needs 128 bytes, 92 left",
    ],
    [
      "without the magic cookie",
      (bytes) => bytes.fill(0, 236),
      "Cannot decode cookie at byte 236: is 0x0 instead of 0x63825363",
    ],
    [
      "that is neither request nor reply",
      (bytes) => bytes.fill(3, 0, 1),
      "Cannot decode op at byte 0: 3 is none of request (1), reply (2)",
    ],
    ["of nothing", () => new Uint8Array(), "Cannot decode op at byte 0: needs 1 byte, 0 left"],
  ])("%s", (_, change, message) => {
    expect(() => decode(packet, change(packetOf("350101 ff")))).toThrow(message);
  });

  test.each<[what: string, options: Options, message: string]>([
    [
      "an address that is none",
      { routers: ["10.0.0.1", "gateway"] },
      'options.routers[1] at byte 246: "gateway" is not an IPv4 address',
    ],
    [
      "a domain that is none",
      { domainSearch: ["a..b"] },
      'options.domainSearch at byte 244: "a..b" is not a domain name',
    ],
    [
      "a route without a width",
      { classlessStaticRoutes: [{ destination: "10.0.0.0", router: "10.0.0.1" }] },
      'options.classlessStaticRoutes[0] at byte 242: "10.0.0.0" is not an address and a width',
    ],
  ])("when it shall hold %s", (_, options, message) => {
    expect(() => encode(packet, { ...blank, options })).toThrow(`Cannot encode ${message}`);
  });
});

test("a packet is at least as long as one of BOOTP", () => {
  expect(encode(packet, blank)).toHaveLength(300);
});

const address = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((parts) => parts.join("."));
const addresses = fc.array(address, { maxLength: 100, size: "max" });
const blob = (most: number) => fc.uint8Array({ maxLength: most, size: "max" });
const text = fc.string({ unit: "grapheme-ascii", maxLength: 600, size: "max" });
const label = fc.stringMatching(/^[a-z0-9-]{1,10}$/);
const domain = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join("."));
const u8 = fc.nat(255);

const anyOptions: fc.Arbitrary<Options> = fc.record(
  {
    messageType: fc.constantFrom("discover", "offer", "request", "ack", "nak"),
    subnetMask: address,
    routers: addresses,
    hostName: text,
    bootFileName: text,
    leaseTimeS: fc.nat(),
    vendorSpecific: blob(700),
    clientMachineUuid: fc.uuid(),
    clientArchitectures: fc.array(fc.nat(0xffff)),
    domainSearch: fc.array(domain, { maxLength: 40 }),
    ipxe: fc.record(
      { http: u8, busId: fc.record({ type: u8, vendor: u8, device: u8 }) },
      { requiredKeys: [] },
    ),
    unknown: fc.uniqueArray(fc.record({ code: fc.integer({ min: 212, max: 248 }), value: blob(600) }), {
      minLength: 1,
      selector: ({ code }) => code,
    }),
  },
  { requiredKeys: [] },
);

describe("a packet for a client that takes few bytes", () => {
  const [hostName, rootPath, domainName] = ["h".repeat(50), "r".repeat(230), "d".repeat(40)];
  const long: Packet = { ...blank, options: { messageType: "ack", hostName, rootPath, domainName } };
  const domainNameOption = `0f28${"64".repeat(40)}ff`;

  test("is as always when it fits", () => {
    expect(encodeToFit(blank, 576)).toEqual(encode(packet, blank));
  });

  test.each<[where: string, value: Packet, at: number]>([
    ["in file", long, 108],
    ["in sname when file is taken", { ...long, file: "snponly.efi" }, 44],
  ])("continues %s", (_, value, at) => {
    const bytes = encodeToFit(value, 548);
    expect(bytes).toHaveLength(548);
    expect(bytes.subarray(at, at + 43).toHex()).toBe(domainNameOption);
    expect(decode(packet, bytes)).toEqual(value);
  });

  test("is refused when even these do not suffice", () => {
    const full = { ...long, file: "snponly.efi", serverName: "node" };
    expect(() => encodeToFit(full, 548)).toThrow("option 15 does not fit in 548 bytes");
  });

  // Which option comes first may change, what they say may not.
  const inOrder = ({ options, ...rest }: Packet) => ({
    ...rest,
    options: { ...options, unknown: options.unknown?.toSorted((a, b) => a.code - b.code) },
  });

  test("says the same however little that is", () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: 576, max: 1500 }), (options, mostBytes) => {
        const value = { ...blank, options };
        try {
          const bytes = encodeToFit(value, mostBytes);
          expect(bytes.length).toBeLessThanOrEqual(mostBytes);
          expect(inOrder(decode(packet, bytes))).toEqual(inOrder(value));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
          expect(encode(packet, value).length).toBeGreaterThan(mostBytes);
        }
      }),
    );
  });
});

test("any options are read as they were written", () => {
  fc.assert(
    fc.property(anyOptions, fc.boolean(), address, (options, broadcast, yourAddress) => {
      const value = { ...blank, broadcast, yourAddress, options };
      expect(decode(packet, encode(packet, value))).toEqual(value);
    }),
  );
});
