import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readStructures, type Structure } from "./structure.ts";
import { systemInformation } from "./system-information.ts";

/** A structure as firmware lays it out: type, size, handle, fields, strings. */
function structure(type: number, formatted: readonly number[], strings: readonly string[] = []): Buffer {
  const head = Buffer.from([type, formatted.length + 4, type, 0]);
  const texts = strings.length > 0 ? strings.map((text) => `${text}\0`).join("") : "\0";
  return Buffer.concat([head, Buffer.from(formatted), Buffer.from(`${texts}\0`, "latin1")]);
}

const end = structure(127, []);
// 6f9619ff-8b86-4011-b42d-00cf4fc964ff, its first three fields little-endian (§7.2.1).
const uuid = [0xff, 0x19, 0x96, 0x6f, 0x86, 0x8b, 0x11, 0x40, 0xb4, 0x2d, 0x00, 0xcf, 0x4f, 0xc9, 0x64, 0xff];
const le16 = (value: number) => [value & 0xff, value >> 8];

const server = Buffer.concat([
  structure(0, [1, 2, 0, 0, 3], ["Acme Firmware", "2.17", "03/14/2026"]),
  structure(1, [1, 2, 0, 3, ...uuid, 6, 0, 4], ["Acme", "Rack 9000 ", "SN\u0007-1", "Racks"]),
  structure(
    4,
    [
      1,
      3,
      0,
      2,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      3,
      0,
      ...le16(100),
      ...le16(4000),
      ...le16(2500),
      0x41,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0xff,
      0xff,
      0xff,
      ...le16(0),
      ...le16(0),
      ...le16(288),
      ...le16(288),
      ...le16(576),
    ],
    ["P0", "Chips Inc", "Turbo"],
  ),
  structure(
    4,
    [1, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, ...le16(100), ...le16(4000), ...le16(0), 0x00],
    ["P1"],
  ),
  structure(
    17,
    [
      ...le16(1),
      ...le16(0),
      ...le16(72),
      ...le16(64),
      ...le16(32768 - 1),
      9,
      0,
      1,
      2,
      26,
      ...le16(0),
      ...le16(3200),
      3,
      4,
      0,
      5,
      2,
      0,
      0,
      1,
      0,
    ],
    ["DIMM A1", "BANK 0", "Memories", "M-77", "PART-9"],
  ),
  structure(17, [...le16(1), ...le16(0), ...le16(0), ...le16(0), ...le16(0), 9, 0, 1, 2], ["DIMM A2"]),
  structure(3, [0, 0x17, 0, 1, 2], ["CH-1", "rack 4"]),
  structure(38, [1, 0x20]),
  end,
]);

describe("the firmware's tables", () => {
  const { firmware, system, board, chassis, processors, memory, ipmi } = systemInformation(
    readStructures(server),
  );

  test("say what the machine is", () => {
    expect(firmware).toEqual({ vendor: "Acme Firmware", version: "2.17", date: "03/14/2026" });
    expect(system).toEqual({
      manufacturer: "Acme",
      product: "Rack 9000",
      version: "",
      serial: "SN -1",
      uuid: "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
      sku: "",
      family: "Racks",
    });
    expect(board).toBeUndefined();
    expect(chassis).toEqual({ serial: "CH-1", assetTag: "rack 4" });
    expect(ipmi).toBe(true);
  });

  test("list the processors that are in a socket, with counts past 255", () => {
    expect(processors).toEqual([
      {
        socket: "P0",
        manufacturer: "Chips Inc",
        model: "Turbo",
        maximumMegahertz: 4000,
        cores: 288,
        threads: 576,
      },
    ]);
  });

  test("list the memory modules, with sizes past 32 GB, and the slots that are empty", () => {
    expect(memory).toEqual([
      {
        slot: "DIMM A1",
        bank: "BANK 0",
        manufacturer: "Memories",
        serial: "M-77",
        part: "PART-9",
        sizeMegabytes: 65536,
        megatransfers: 3200,
      },
      {
        slot: "DIMM A2",
        bank: "",
        manufacturer: "",
        serial: "",
        part: "",
        sizeMegabytes: 0,
        megatransfers: 0,
      },
    ]);
  });

  test.each([
    ["all zeros", Array<number>(16).fill(0)],
    ["all ones", Array<number>(16).fill(0xff)],
  ])("a UUID of %s is no identity", (_, bytes) => {
    const table = readStructures(Buffer.concat([structure(1, [0, 0, 0, 0, ...bytes]), end]));
    expect(systemInformation(table).system?.uuid).toBeUndefined();
  });
});

describe("broken tables", () => {
  test.each([
    ["a size below its header", [1, 2, 0, 0, 0, 0], "impossible size of 2"],
    ["a size past the end", [1, 200, 0, 0, 0, 0], "impossible size of 200"],
    ["strings without an end", [1, 4, 0, 0, 0x41, 0x42], "do not end"],
  ])("%s: what came before is kept, and the reason", (_, bytes, reason) => {
    const { structures, broken } = readStructures(Buffer.concat([structure(38, [1]), Buffer.from(bytes)]));
    expect(structures.map(({ type }: Structure) => type)).toEqual([38]);
    expect(broken).toContain(reason);
  });

  test("any bytes at all are answered", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400, size: "max" }), (bytes) => {
        systemInformation(readStructures(bytes));
      }),
    );
  });
});
