import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WireError } from "../../../wire/error.ts";
import { neighborOf } from "./frame.ts";

/** One type-length-value: the type, then bytes and text. */
const tlv = (type: number, ...parts: readonly (number | string)[]) => {
  const value = Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))),
  );
  const header = Buffer.alloc(2);
  header.writeUInt16BE((type << 9) | value.length);
  return Buffer.concat([header, value]);
};
const chassis = tlv(1, 4, 0x00, 0x1b, 0x21, 0xaa, 0xbb, 0xcc);
const port = tlv(2, 5, "Ethernet1/7");
const ttl = tlv(3, 0, 120);
const end = tlv(0);
const frame = (...parts: readonly Uint8Array[]) => Buffer.concat([chassis, port, ttl, ...parts, end]);

describe("what a switch port says of itself", () => {
  test("is read whole, past what is not known and past padding", () => {
    const neighbor = neighborOf(
      frame(
        tlv(4, "to rack 7"),
        tlv(5, "leaf-1"),
        tlv(6, "Some switch\r\nversion 9"),
        tlv(7, 0, 0x14, 0, 0x14),
        tlv(8, 5, 1, 192, 0, 2, 9, 2, 0, 0, 0, 1, 0),
        tlv(127, 0x00, 0x80, 0xc2, 1, 0, 100),
        tlv(127, 0x00, 0x12, 0x0f, 4, 5, 6),
        tlv(42, "what is this"),
      ),
    );
    expect(neighbor).toEqual({
      chassisId: "00:1b:21:aa:bb:cc",
      portId: "Ethernet1/7",
      ttlSeconds: 120,
      portDescription: "to rack 7",
      systemName: "leaf-1",
      systemDescription: "Some switch version 9",
      managementAddresses: ["192.0.2.9"],
      vlanId: 100,
    });
    expect(neighborOf(Buffer.concat([frame(), Buffer.alloc(20)]))).toMatchObject({ portId: "Ethernet1/7" });
  });

  test.each([
    ["a MAC as port", tlv(2, 3, 1, 2, 3, 4, 5, 6), "01:02:03:04:05:06"],
    ["a network address as port", tlv(2, 4, 1, 192, 0, 2, 1), "192.0.2.1"],
    ["an escape sequence as port", tlv(2, 7, "a\x1b[2Jb"), "a [2Jb"],
  ])("%s is shown harmlessly", (_, portId, text) => {
    expect(neighborOf(Buffer.concat([chassis, portId, ttl, end])).portId).toBe(text);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["no time to live", Buffer.concat([chassis, port, end])],
    ["a value longer than the frame", Buffer.concat([chassis, port, Buffer.of(0x06, 0xff, 0)])],
    ["a chassis without a subtype", Buffer.concat([tlv(1), port, ttl, end])],
  ])("%s is refused", (_, bytes) => {
    expect(() => neighborOf(bytes)).toThrow(WireError);
  });

  test("any bytes are read or refused with our own error", () => {
    const anyTlv = fc
      .tuple(fc.nat(127), fc.uint8Array({ maxLength: 60, size: "max" }))
      .map(([type, value]) => Buffer.concat([tlv(type, Buffer.from(value).toString("latin1"))]));
    const anyFrame = fc.oneof(
      fc.uint8Array({ maxLength: 300, size: "max" }),
      fc.array(anyTlv, { maxLength: 20 }).map((parts) => frame(...parts)),
    );
    fc.assert(
      fc.property(anyFrame, (bytes) => {
        try {
          neighborOf(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});
