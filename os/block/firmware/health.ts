// What a disk itself thinks of its health, and its self-test.
import type { BlockDevice } from "../block-device.ts";
import { Unsupported } from "../unsupported.ts";
import type { Ata } from "./ata.ts";
import type { Nvme } from "./nvme.ts";
import type { Scsi } from "./scsi.ts";
import { senseKeys } from "./sense.ts";

type Firmware = BlockDevice["firmware"];

export interface SelfTestTask {
  /** The thorough one, which takes hours. */
  readonly long: boolean;
  /** 0 to 1. */
  readonly progress: (part: number) => void;
  readonly pause: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Undefined where the disk does not tell. */
export async function readHealth(firmware: Firmware): Promise<boolean | undefined> {
  switch (firmware.speaks) {
    case "nvme":
      return nvmeHealth(firmware.nvme);
    case "ata":
      return ataHealth(firmware.ata);
    case "scsi":
      return scsiHealth(firmware.scsi);
    case "nothing":
      return undefined;
  }
}

/** Resolves to whether it passed. Throws Unsupported where the disk has none. */
export async function selfTest(firmware: Firmware, task: SelfTestTask): Promise<boolean> {
  switch (firmware.speaks) {
    case "nvme":
      return nvmeSelfTest(firmware.nvme, task);
    case "ata":
      return ataSelfTest(firmware.ata, task);
    case "scsi":
    case "nothing":
      throw new Unsupported("the disk has no self-test that can be asked for");
  }
}

const nvmeLogs = { health: 0x02, selfTest: 0x06 } as const;
const nvmeOpcodes = { getLogPage: 0x02, deviceSelfTest: 0x14 } as const;

async function nvmeLog(nvme: Nvme, page: number, answerBytes: number): Promise<Buffer> {
  const log = await nvme.admin("read a log of the disk", {
    opcode: nvmeOpcodes.getLogPage,
    namespace: 0xffffffff,
    cdw10: page | ((answerBytes / 4 - 1) << 16),
    answerBytes,
  });
  return Buffer.from(log);
}

/** SMART / Health Information, §5.16.1.3: byte 0 is the critical warning. */
const nvmeHealth = async (nvme: Nvme) => (await nvmeLog(nvme, nvmeLogs.health, 512)).readUInt8(0) === 0;

async function nvmeSelfTest(nvme: Nvme, { long, progress, pause, signal }: SelfTestTask): Promise<boolean> {
  await nvme
    .admin("begin the disk's self-test", {
      opcode: nvmeOpcodes.deviceSelfTest,
      namespace: nvme.namespace,
      cdw10: long ? 2 : 1,
    })
    .catch((cause: unknown) => {
      throw new Unsupported("the disk has no self-test", { cause });
    });
  for (;;) {
    // §5.16.1.7: what is going on, how much of it is done, and from byte 4 on the newest result.
    const log = await nvmeLog(nvme, nvmeLogs.selfTest, 564);
    if ((log.readUInt8(0) & 0x0f) === 0) return (log.readUInt8(4) & 0x0f) === 0;
    progress((log.readUInt8(1) & 0x7f) / 100);
    await pause(signal);
  }
}

const smart = { command: 0xb0, signature: 0xc24f00n, healthy: 0xc24f, failing: 0x2cf4 } as const;
const smartFeatures = { readData: 0xd0, executeOffline: 0xd4, returnStatus: 0xda } as const;

async function ataHealth(ata: Ata): Promise<boolean | undefined> {
  const { registers } = await ata.execute("ask for the disk's health", {
    command: smart.command,
    features: smartFeatures.returnStatus,
    lba: smart.signature,
  });
  const verdict = registers && registers.lba >> 8;
  if (verdict === smart.healthy) return true;
  return verdict === smart.failing ? false : undefined;
}

async function ataSelfTest(ata: Ata, { long, progress, pause, signal }: SelfTestTask): Promise<boolean> {
  await ata
    .execute("begin the disk's self-test", {
      command: smart.command,
      features: smartFeatures.executeOffline,
      lba: smart.signature | (long ? 2n : 1n),
    })
    .catch((cause: unknown) => {
      throw new Unsupported("the disk has no self-test", { cause });
    });
  for (;;) {
    const { data } = await ata.execute("ask how far the self-test is", {
      command: smart.command,
      features: smartFeatures.readData,
      lba: smart.signature,
      answers: true,
    });
    // Byte 363: the outcome, and how many tenths are left.
    const state = data[363] ?? 0;
    if (state >> 4 !== 0x0f) return state >> 4 === 0;
    progress(1 - (state & 0x0f) / 10);
    await pause(signal);
  }
}

/** LOG SENSE, Informational Exceptions (SPC-5 §7.3.8): an additional sense code other than 0 foretells a failure. */
async function scsiHealth(scsi: Scsi): Promise<boolean | undefined> {
  const cdb = Buffer.from([0x4d, 0, 0x40 | 0x2f, 0, 0, 0, 0, 0, 64, 0]);
  const { data, sense } = await scsi.execute("ask for the disk's health", { cdb, answerBytes: 64 });
  if ((sense && sense.key !== senseKeys.none) || (data[0] ?? 0) !== 0x2f) return undefined;
  return data[8] === 0;
}
