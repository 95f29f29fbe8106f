import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeDatagram, encodeDatagram } from "./datagram.ts";

const address = fc.ipV4();
const port = fc.integer({ min: 0, max: 65535 });
const datagrams = fc.record({
  source: address,
  destination: address,
  sourcePort: port,
  destinationPort: port,
  payload: fc.uint8Array({ maxLength: 1472, size: "max" }),
});

describe("a UDP datagram over IPv4", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(datagrams, (datagram) => {
        expect(decodeDatagram(Uint8Array.from(encodeDatagram(datagram)))).toEqual(datagram);
      }),
    );
  });

  test.each([
    ["an empty packet", []],
    ["another version", [0x65]],
    ["another protocol", [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 6]],
    ["a fragment", [0x45, 0, 0, 28, 0, 0, 0x20, 0, 64, 17]],
    ["a size past the end", [0x45, 0, 9, 9, 0, 0, 0, 0, 64, 17]],
  ])("is not found in %s", (_, bytes) => {
    const packet = new Uint8Array(bytes.length === 0 ? 0 : 28);
    packet.set(bytes);
    expect(decodeDatagram(packet)).toEqual(expect.any(String));
  });

  test("padded by Ethernet is read without the padding", () => {
    const datagram = {
      source: "192.0.2.1",
      destination: "192.0.2.2",
      sourcePort: 67,
      destinationPort: 68,
      payload: Uint8Array.of(7),
    };
    expect(decodeDatagram(Uint8Array.from([...encodeDatagram(datagram), ...Buffer.alloc(17)]))).toEqual(
      datagram,
    );
  });

  test("any bytes at all are answered", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80, size: "max" }), (bytes) => {
        decodeDatagram(bytes);
        decodeDatagram(Uint8Array.from([0x45, ...bytes]));
      }),
    );
  });
});
