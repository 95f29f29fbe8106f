import { describe, expect, test } from "vitest";
import type { BlockDevice } from "../../block-device.ts";
import { openAta } from "../../firmware/ata.ts";
import { type Nvme, NvmeError } from "../../firmware/nvme.ts";
import type { Scsi } from "../../firmware/scsi.ts";
import { Unsupported } from "../../unsupported.ts";
import { ataSanitize, ataSecurityErase } from "./ata.ts";
import type { Erase } from "./erase.ts";
import { nvmeFormat, nvmeSanitize } from "./nvme.ts";
import { scsiFormatUnit, scsiSanitize } from "./scsi.ts";

async function run(erase: Erase, firmware: BlockDevice["firmware"]) {
  const progress: number[] = [];
  const error = await erase(
    { path: "/dev/x", firmware },
    {
      progress: (part) => progress.push(part),
      pause: async () => {},
      signal: new AbortController().signal,
    },
  ).then(
    () => undefined,
    (error: Error) => error,
  );
  return { progress, error };
}

interface NvmeModel {
  readonly oacs?: number;
  readonly fna?: number;
  readonly sanicap?: number;
  readonly layout?: number;
  readonly protection?: number;
  readonly namespaces?: readonly number[];
  /** What the sanitize log says at each look: status and progress. */
  readonly log?: readonly (readonly [status: number, progress: number])[];
}

function nvmeModel(model: NvmeModel) {
  const done: { opcode: number; namespace: number; cdw10: number }[] = [];
  const log = [...(model.log ?? [])];
  const nvme: Nvme = {
    namespace: 1,
    async admin(what, { opcode, namespace = 0, cdw10 = 0, answerBytes = 0 }) {
      const answer = Buffer.alloc(answerBytes);
      if (opcode === 0x06 && cdw10 === 1) {
        answer.writeUInt16LE(model.oacs ?? 0, 256);
        answer.writeUInt32LE(model.sanicap ?? 0, 328);
        answer.writeUInt8(model.fna ?? 0, 524);
      } else if (opcode === 0x06 && cdw10 === 0) {
        answer.writeUInt8(model.layout ?? 0, 26);
        answer.writeUInt8(model.protection ?? 0, 29);
      } else if (opcode === 0x06) {
        (model.namespaces ?? [1]).forEach((id, at) => answer.writeUInt32LE(id, 4 * at));
      } else if (opcode === 0x02) {
        expect(cdw10).toBe(0x81 | (127 << 16));
        const [status, progress] = log.shift()!;
        answer.writeUInt16LE(progress, 0);
        answer.writeUInt16LE(status, 2);
      } else if (opcode === 0x80 || opcode === 0x84) {
        done.push({ opcode, namespace, cdw10 });
      } else {
        throw new NvmeError(what, 1);
      }
      return answer;
    },
  };
  return { firmware: { speaks: "nvme", nvme } as const, done };
}

describe("an NVMe disk", () => {
  test.each([
    ["user data", "userData", { oacs: 2 }, 1 << 9],
    ["its key", "cryptographic", { oacs: 2, fna: 4 }, 2 << 9],
    [
      "keeping format 17, metadata and protection",
      "userData",
      { oacs: 2, layout: 0x31, protection: 0x0a },
      (1 << 9) | 1 | (1 << 12) | (1 << 4) | (2 << 5) | (1 << 8),
    ],
  ] as const)("formats %s", async (_, setting, model, cdw10) => {
    const { firmware, done } = nvmeModel(model);
    expect((await run(nvmeFormat(setting), firmware)).error).toBeUndefined();
    expect(done).toEqual([{ opcode: 0x80, namespace: 1, cdw10 }]);
  });

  test.each([
    ["Format that it has not", nvmeFormat("userData"), { oacs: 0 }, "no Format"],
    ["a cryptographic erase that it has not", nvmeFormat("cryptographic"), { oacs: 2 }, "no cryptographic"],
    ["Sanitize that it has not", nvmeSanitize("block"), { sanicap: 1 }, "no Sanitize by block"],
    [
      "Format that reaches other namespaces",
      nvmeFormat("userData"),
      { oacs: 2, fna: 2, namespaces: [1, 2] },
      "other namespaces",
    ],
    ["Sanitize, which does", nvmeSanitize("block"), { sanicap: 2, namespaces: [1, 7] }, "other namespaces"],
  ])("refuses %s and changes nothing", async (_, erase, model, why) => {
    const { firmware, done } = nvmeModel(model);
    const { error } = await run(erase, firmware);
    expect(error).toBeInstanceOf(Unsupported);
    expect(error?.message).toContain(why);
    expect(done).toEqual([]);
  });

  test.each([
    ["block", 2, 2],
    ["cryptographic", 1, 4],
    ["overwrite", 4, 3 | (1 << 4)],
  ] as const)("sanitizes by %s until its log says so", async (action, sanicap, cdw10) => {
    const { firmware, done } = nvmeModel({
      sanicap,
      log: [
        [2, 0],
        [2, 32_768],
        [1, 65_535],
      ],
    });
    expect(await run(nvmeSanitize(action), firmware)).toEqual({ progress: [0, 0.5], error: undefined });
    expect(done).toEqual([{ opcode: 0x84, namespace: 0, cdw10 }]);
  });

  test("that failed to sanitize has failed", async () => {
    const { firmware } = nvmeModel({ sanicap: 2, log: [[3, 0]] });
    expect((await run(nvmeSanitize("block"), firmware)).error?.message).toMatch(/says that it failed/);
  });
});

/** Descriptor-format sense with an ATA status return. */
function ataSense({ count = 0, lba = 0, error = 0, key = 1 }) {
  return {
    key,
    code: 0,
    qualifier: 0x1d,
    progress: undefined,
    ata: { error, count, lba, status: 0x50 },
  };
}

interface AtaModel {
  readonly security?: readonly number[];
  readonly sanitize?: number;
  readonly aborts?: number;
  readonly counts?: readonly number[];
}

function ataModel({ security = [0], sanitize = 0, aborts, counts = [] }: AtaModel) {
  const states = [...security];
  const left = [...counts];
  const done: string[] = [];
  const scsi: Scsi = {
    async execute(_, { cdb, send }) {
      const bytes = Buffer.from(cdb);
      expect(bytes[0]).toBe(0x85);
      const command = bytes[14]!;
      if (command === 0xec) {
        expect([bytes[1], bytes[2]]).toEqual([4 << 1, 0x0e]);
        const data = Buffer.alloc(512);
        data.writeUInt16LE(states.shift() ?? 0, 256);
        data.writeUInt16LE(sanitize, 118);
        return { data, sense: undefined };
      }
      const features = bytes.readUInt16BE(3);
      const lba = [11, 9, 7, 12, 10, 8].map((at) => bytes[at]!.toString(16).padStart(2, "0"));
      const told = send ? `:${Buffer.from(send).readUInt16LE(0)}` : "";
      done.push(command === 0xb4 ? `b4:${features.toString(16)}` : `${command.toString(16)}${told}`);
      if (command === aborts) return { data: Buffer.alloc(0), sense: ataSense({ key: 11, error: 4 }) };
      // The word that guards a block erase: "BkEr".
      if (command === 0xb4 && features === 0x12) expect(lba.join("")).toBe("0000426b4572");
      const count = command === 0xb4 && features === 0 ? left.shift()! : 0;
      return { data: Buffer.alloc(0), sense: ataSense({ count, lba: 16_384 }) };
    },
  };
  return { firmware: { speaks: "ata", ata: openAta(scsi) } as const, done };
}

describe("an ATA disk", () => {
  test("erases itself under a password that goes away with the erase", async () => {
    const { firmware, done } = ataModel({ security: [0x21, 0x21] });
    expect((await run(ataSecurityErase("enhanced"), firmware)).error).toBeUndefined();
    expect(done).toEqual(["f1:0", "f3", "f4:2"]);
  });

  test("is not left under a password when its erase fails", async () => {
    const { firmware, done } = ataModel({ security: [0x01], aborts: 0xf4 });
    const { error } = await run(ataSecurityErase("normal"), firmware);
    expect(error?.message).toBe(
      "Cannot erase the disk: the disk aborted it (sense key 11, error register 0x4)",
    );
    expect(error).not.toBeInstanceOf(Unsupported);
    expect(done).toEqual(["f1:0", "f3", "f4:0", "f6:0"]);
  });

  test("that acknowledges an erase and stays under its password has failed", async () => {
    const { firmware } = ataModel({ security: [0x01, 0x03] });
    expect((await run(ataSecurityErase("normal"), firmware)).error?.message).toMatch(
      /still under a password/,
    );
  });

  test.each([
    ["without security", 0, "normal", "no security feature set"],
    ["without an enhanced erase", 1, "enhanced", "no enhanced erase"],
    ["frozen by the firmware", 1 | 8, "normal", "power cycle"],
    ["locked", 1 | 2 | 4, "normal", "not known"],
  ] as const)("%s is refused, and nothing is changed", async (_, state, kind, why) => {
    const { firmware, done } = ataModel({ security: [state] });
    const { error } = await run(ataSecurityErase(kind), firmware);
    expect(error).toBeInstanceOf(Unsupported);
    expect(error?.message).toContain(why);
    expect(done).toEqual([]);
  });

  test("sanitizes itself by blocks where it can, and tells how far it is", async () => {
    const { firmware, done } = ataModel({ sanitize: 0xf000, counts: [0x4000, 0x8000] });
    expect(await run(ataSanitize, firmware)).toEqual({ progress: [0.25], error: undefined });
    expect(done).toEqual(["b4:12", "b4:0", "b4:0"]);
  });
});

interface ScsiModel {
  readonly sanitize?: readonly number[];
  readonly isProtected?: boolean;
  /** What REQUEST SENSE answers, one after another. */
  readonly senses?: readonly (readonly number[])[];
  readonly refuses?: boolean;
}

const fixedSense = (key: number, code: number, qualifier: number, progress = 0) => [
  0x70,
  0,
  key,
  0,
  0,
  0,
  0,
  10,
  0,
  0,
  0,
  0,
  code,
  qualifier,
  0,
  0x80,
  progress >> 8,
  progress & 0xff,
];

function scsiModel({ sanitize = [], isProtected = false, senses = [], refuses = false }: ScsiModel) {
  const left = [...senses];
  const done: string[] = [];
  const scsi: Scsi = {
    async execute(_, { cdb, send, answerBytes = 0 }) {
      const data = Buffer.alloc(answerBytes);
      const fine = { data, sense: undefined };
      switch (cdb[0] as number) {
        case 0xa3:
          data[1] = sanitize.includes(cdb[5]!) ? 3 : 1;
          return fine;
        case 0x9e:
          data[12] = isProtected ? 1 : 0;
          return fine;
        case 0x03:
          data.set(left.shift() ?? fixedSense(0, 0, 0).with(15, 0));
          return fine;
        default: {
          done.push(Buffer.from([...cdb, ...(send ?? [])]).toString("hex"));
          const sense = { key: 5, code: 0x20, qualifier: 0, progress: undefined, ata: undefined };
          return refuses ? { data, sense } : fine;
        }
      }
    },
  };
  return { firmware: { speaks: "scsi", scsi } as const, done };
}

describe("a SCSI disk", () => {
  test.each([
    ["erasing blocks", [1, 2, 3], "48820000000000000000"],
    ["overwriting itself", [1, 3], "488100000000000008000100000400000000"],
    ["forgetting its key", [3], "48830000000000000000"],
  ])("sanitizes by %s", async (_, sanitize, command) => {
    const busy = fixedSense(2, 4, 0x1b, 32_768);
    const { firmware, done } = scsiModel({ sanitize, senses: [busy] });
    expect(await run(scsiSanitize, firmware)).toEqual({ progress: [0.5], error: undefined });
    expect(done).toEqual([command]);
  });

  test("formats itself, and is asked until it is done", async () => {
    const { firmware, done } = scsiModel({
      senses: [fixedSense(2, 4, 4, 16_384), fixedSense(2, 4, 4, 49_152)],
    });
    expect(await run(scsiFormatUnit, firmware)).toEqual({ progress: [0.25, 0.75], error: undefined });
    expect(done).toEqual(["04100000000000020000"]);
  });

  test.each([
    ["without SANITIZE", scsiSanitize, {}, "no SANITIZE"],
    ["formatted with protection", scsiFormatUnit, { isProtected: true }, "protection"],
    ["that knows no FORMAT UNIT", scsiFormatUnit, { refuses: true }, "no such command"],
  ])("%s is refused", async (_, erase, model, why) => {
    const { error } = await run(erase, scsiModel(model).firmware);
    expect(error).toBeInstanceOf(Unsupported);
    expect(error?.message).toContain(why);
  });

  test("whose format failed says so", async () => {
    const { firmware } = scsiModel({ senses: [fixedSense(3, 0x31, 1).with(15, 0)] });
    const { error } = await run(scsiFormatUnit, firmware);
    expect(error?.message).toBe("Cannot format the disk: the disk says sense 3/31/1");
  });
});
