import { describe, expect, test } from "vitest";
import type { BlockDevice } from "../block-device.ts";
import { Unsupported } from "../unsupported.ts";
import { readHealth, selfTest } from "./health.ts";
import type { ScsiAnswer } from "./scsi.ts";

const nvme = (answer: (opcode: number, page: number) => Uint8Array): BlockDevice["firmware"] => ({
  speaks: "nvme",
  nvme: { namespace: 1, admin: async (_, { opcode, cdw10 = 0 }) => answer(opcode, cdw10 & 0xff) },
});

const ata = (lba: number, states: number[] = []): BlockDevice["firmware"] => ({
  speaks: "ata",
  ata: {
    async execute(_, { answers }) {
      const data = new Uint8Array(512);
      if (answers) data[363] = states.shift() ?? 0;
      return { data, registers: { error: 0, count: 0, lba, status: 0x50 } };
    },
  },
});

const scsi = (answer: Partial<ScsiAnswer>): BlockDevice["firmware"] => ({
  speaks: "scsi",
  scsi: { execute: async () => ({ data: new Uint8Array(64), sense: undefined, ...answer }) },
});
const refusal = { key: 5, code: 0x20, qualifier: 0, progress: undefined, ata: undefined };

describe("a disk's own word on its health", () => {
  test.each([
    ["NVMe without a warning", nvme(() => new Uint8Array(512)), true],
    ["NVMe with worn out blocks", nvme(() => new Uint8Array(512).with(0, 4)), false],
    ["SATA that is well", ata(0xc24f00), true],
    ["SATA that expects to fail", ata(0x2cf400), false],
    ["SATA that answers something else", ata(0), undefined],
    ["SCSI that is well", scsi({ data: new Uint8Array(64).with(0, 0x2f) }), true],
    ["SCSI that expects to fail", scsi({ data: new Uint8Array(64).with(0, 0x2f).with(8, 0x5d) }), false],
    ["SCSI that does not tell", scsi({ sense: refusal }), undefined],
    ["a virtual disk", { speaks: "nothing" }, undefined],
  ] satisfies [string, BlockDevice["firmware"], boolean | undefined][])(
    "%s",
    async (_, firmware, healthy) => {
      expect(await readHealth(firmware)).toBe(healthy);
    },
  );
});

describe("a disk's self-test", () => {
  const run = async (firmware: BlockDevice["firmware"]) => {
    const progress: number[] = [];
    const passed = await selfTest(firmware, {
      long: false,
      progress: (part) => progress.push(part),
      pause: async () => {},
      signal: new AbortController().signal,
    });
    return { passed, progress };
  };

  test("is followed to its end", async () => {
    expect(await run(ata(0, [0xf5, 0xf1, 0x00]))).toEqual({ passed: true, progress: [0.5, 0.9] });
    expect(await run(ata(0, [0x70]))).toEqual({ passed: false, progress: [] });
    const logs = [
      [1, 40],
      [0, 0, 0, 0, 0x17],
    ].map((it) => new Uint8Array([...it, ...new Uint8Array(560)]));
    const firmware = nvme((opcode) => (opcode === 0x02 ? logs.shift()! : new Uint8Array()));
    expect(await run(firmware)).toEqual({ passed: false, progress: [0.4] });
  });

  test("is refused by a disk that has none", async () => {
    await expect(run({ speaks: "nothing" })).rejects.toThrow(Unsupported);
  });
});
