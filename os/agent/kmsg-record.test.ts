import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseKmsgRecord } from "./kmsg-record.ts";

const parse = (text: string) => {
  const record = parseKmsgRecord(Buffer.from(text, "latin1"));
  return record && { ...record, text: Buffer.from(record.text).toString("latin1") };
};

describe("a record of the kernel's log", () => {
  test.each([
    [
      "6,339,5140900,-;NET: Registered protocol family 10\n",
      {
        source: "kernel",
        severity: 6,
        priority: 6,
        sequence: 339,
        sinceBootMs: 5140.9,
        text: "NET: Registered protocol family 10",
      },
    ],
    [
      "28,7,1000,-,caller=T1;ingot: boot sequence done\n",
      {
        source: "machined",
        severity: 4,
        priority: 28,
        sequence: 7,
        sinceBootMs: 1,
        text: "boot sequence done",
      },
    ],
    [
      "4,8,0,c;sd 0:0:0:0: \\x1b[2J\\x5c\n SUBSYSTEM=scsi\n DEVICE=+scsi:0:0:0:0\n",
      {
        source: "kernel",
        severity: 4,
        priority: 4,
        sequence: 8,
        sinceBootMs: 0,
        text: "sd 0:0:0:0: \u001b[2J\\",
      },
    ],
  ])("%j", (line, record) => {
    expect(parse(line)).toEqual(record);
  });

  test.each(["", "no record", "6,1;x", "a,b,c,-;x"])("%j is none", (line) => {
    expect(parse(line)).toBeUndefined();
  });

  test("any bytes at all are answered", () => {
    fc.assert(
      fc.property(fc.uint8Array({ size: "max", maxLength: 300 }), (bytes) => {
        parseKmsgRecord(bytes);
      }),
    );
  });
});
