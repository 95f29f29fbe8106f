import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSense } from "./sense.ts";

const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

describe("sense data", () => {
  test.each([
    ["fixed", "70 00 05 00000000 0a 00000000 24 00 00 00 0000", { key: 5, code: 0x24, progress: undefined }],
    ["fixed, with progress", "f0 00 02 00000000 0a 00000000 04 04 00 80 4000", { key: 2, progress: 0.25 }],
    [
      "descriptors, with progress",
      "72 02 04 1b 00 00 00 08 02 06 0000 80 8000 00",
      { key: 2, progress: 0.5 },
    ],
    [
      "an ATA status return",
      "72 01 00 1d 00 00 00 0e 09 0c 01 04 80 00 00 34 00 12 00 56 40 50",
      { key: 1, ata: { error: 4, count: 0x8000, lba: 0x561234, status: 0x50 } },
    ],
  ])("%s", (_, hex, sense) => {
    expect(parseSense(bytes(hex))).toMatchObject(sense);
  });

  test("of no known format is none", () => {
    expect(parseSense(bytes("00"))).toBeUndefined();
    expect(parseSense(new Uint8Array())).toBeUndefined();
  });

  test("any bytes at all are answered", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64, size: "max" }), (it) => {
        parseSense(it);
      }),
    );
  });
});
