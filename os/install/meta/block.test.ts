import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMeta, encodeMeta, metaBytes, metaTags } from "./block.ts";

const KiB = 1024;
const values = new Map([
  [metaTags.upgradeFallback, Buffer.from("A")],
  [metaTags.uuidOverride, Buffer.from("b0a5c3d2-0000-4000-8000-000000000001")],
]);

describe("META", () => {
  test("is laid out as Talos lays it out", () => {
    const bytes = Buffer.from(encodeMeta(values));
    expect(bytes.length).toBe(512 * KiB);
    expect(bytes.toString("hex", 0, 4 + 8 + 1 + 8 + 4)).toBe(
      ["5a4b3c2d", "00000006", "00000001", "41", "0000000f", "00000024", "62306135"].join(""),
    );
    const first = Buffer.from(bytes.subarray(0, 256 * KiB));
    expect(first.toString("hex", first.length - 4)).toBe("a5b4c3d2");
    const digest = first.toString("hex", first.length - 36, first.length - 4);
    expect(digest).toBe("489aeb22e28ce7f424ef2626465e6fa374bc92ad60829272c3502c5785e570f0");
    expect(
      createHash("sha256")
        .update(first.fill(0, first.length - 36, first.length - 4))
        .digest("hex"),
    ).toBe(digest);
    expect(bytes.subarray(256 * KiB)).toEqual(bytes.subarray(0, 256 * KiB));
  });

  test("is read from the second copy when the first is damaged", () => {
    const bytes = encodeMeta(values);
    bytes[20]! ^= 1;
    expect(decodeMeta(bytes)).toEqual({ values: plain(values), damage: "its digest is wrong" });
  });

  test("is lost when both copies are damaged, and new on an empty partition", () => {
    const bytes = encodeMeta(values);
    bytes[20]! ^= 1;
    bytes[256 * KiB] = 0;
    expect(decodeMeta(bytes)).toBeUndefined();
    expect(decodeMeta(new Uint8Array(metaBytes))).toBeUndefined();
  });

  test("does not take a value that would end the list, nor more than there is room for", () => {
    expect(() => encodeMeta(new Map([[0, Buffer.from("x")]]))).toThrow(/tag 0/);
    expect(() => encodeMeta(new Map([[12, new Uint8Array(256 * KiB)]]))).toThrow(/more than 262104 bytes/);
    expect(encodeMeta(new Map([[12, new Uint8Array(262_104 - 8)]])).length).toBe(metaBytes);
  });

  test("whatever is kept is found again", () => {
    const entry = fc.tuple(fc.integer({ min: 1, max: 0xffffffff }), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        const kept = new Map(entries);
        expect(decodeMeta(encodeMeta(kept))?.values).toEqual(plain(kept));
      }),
      { numRuns: 40 },
    );
  });
});

const plain = (map: ReadonlyMap<number, Uint8Array>) =>
  new Map([...map].toSorted(([a], [b]) => a - b).map(([tag, bytes]) => [tag, Uint8Array.from(bytes)]));
