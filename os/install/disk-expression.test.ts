import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Disk } from "../block/disks.ts";
import { diskExpression } from "./disk-expression.ts";

const disk: Disk = {
  ...{ devPath: "/dev/nvme0n1", sizeBytes: 500e9, sectorBytes: 512, physicalSectorBytes: 4096 },
  ...{
    model: 'SAMSUNG "MZ" 980',
    serial: "S1",
    wwid: "eui.0025",
    transport: "nvme",
    busPath: "/pci0000:00/nvme",
  },
  ...{
    firmwareVersion: "1",
    rotational: false,
    readOnly: false,
    removable: false,
    cdrom: false,
    holders: [],
  },
};

describe("an expression over disks", () => {
  test.each<[string, boolean]>([
    [`disk.transport == "nvme"`, true],
    [`disk.transport == 'nvme' && disk.size > 120u * GB && disk.size < 1u * TB`, true],
    [`disk.size >= 500 * GB && disk.size < 466u*GiB`, true],
    [`disk.rotational`, false],
    [`!disk.rotational && !system_disk`, true],
    [`disk.model.startsWith("SAMSUNG \\"MZ\\"") || disk.nothing`, true],
    [`disk.model.lowerAscii().contains("mz")`, true],
    [`glob("/dev/nvme*", disk.dev_path)`, true],
    [`disk.serial in ["S0", "S1"]`, true],
    [`disk.rotational ? disk.size > 1 : disk.sector_size == 512`, true],
    [`1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 / 2 == 3 && 7 % 4 == 3 && -1 < 0`, true],
    [`disk.wwid + "1" != "eui.0025"`, true],
    [`false && disk.size`, false],
    ["true", true],
  ])("%s is %s", (text, expected) => {
    expect(diskExpression(text)(disk)).toBe(expected);
  });

  test.each([
    ["", /it ends too early/],
    ["disk.size >", /it ends too early/],
    ["disk.size", /neither true nor false/],
    ["disk.colour == 'red'", /there is no colour/],
    ["disk.constructor == 'x'", /there is no constructor/],
    ["toString == 1", /it knows no toString/],
    ["disk.size == '1'", /only what is of one kind/],
    ["disk.serial.matches('a')", /it knows no matches\(\)/],
    ["disk.size > 1 disk", /disk is out of place/],
    ["disk.size > 1 / 0", /divided by zero/],
    ["disk.size > €", /nobody can read it from/],
  ])("%j is refused", (text, reason) => {
    expect(() => diskExpression(text)(disk)).toThrow(reason);
  });

  test("of any kind is answered or refused with a sentence", () => {
    const words = fc.constantFrom(
      ...[
        "disk",
        ".",
        "size",
        "transport",
        "==",
        "&&",
        "||",
        "!",
        "(",
        ")",
        "1u",
        "GB",
        "'nvme'",
        "in",
        "[",
        "]",
      ],
      ...["?", ":", ",", "glob", "true", "-", "*", "<"],
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 12 }).map((it) => it.join(" ")),
        ),
        (text) => {
          try {
            expect(typeof diskExpression(text)(disk)).toBe("boolean");
          } catch (error) {
            expect(String(error)).toMatch(/^Error: Cannot compare disks/);
          }
        },
      ),
    );
  });
});
