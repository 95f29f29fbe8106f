// ATA commands (ACS-5) inside SCSI's ATA PASS-THROUGH (SAT-4 §12.2.2).
import type { Scsi } from "./scsi.ts";
import { type AtaRegisters, senseKeys } from "./sense.ts";

export interface AtaCommand {
  readonly command: number;
  readonly features?: number;
  readonly count?: number;
  readonly lba?: bigint;
  /** The registers have all their 48 bits: commands whose name ends in EXT, and newer ones. */
  readonly isWide?: boolean;
  /** 512 bytes that go along. */
  readonly send?: Uint8Array;
  /** 512 bytes come back. */
  readonly answers?: boolean;
  readonly timeoutMs?: number;
}

export interface Ata {
  /** Rejects when the disk aborts it. The registers are told for commands without data. */
  execute(
    what: string,
    command: AtaCommand,
  ): Promise<{ readonly data: Uint8Array; readonly registers: AtaRegisters | undefined }>;
}

const passThrough16 = 0x85;
const protocols = { nonData: 3, pioIn: 4, pioOut: 5 } as const;
const sectorBytes = 512;

export const openAta = (scsi: Scsi): Ata => ({
  async execute(what, command) {
    const { send, answers, timeoutMs } = command;
    const protocol = send ? protocols.pioOut : answers ? protocols.pioIn : protocols.nonData;
    const { data, sense } = await scsi.execute(what, {
      cdb: passThrough(command, protocol),
      ...(send && { send }),
      ...(answers && { answerBytes: sectorBytes }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    const isFine = !sense || sense.key === senseKeys.none || sense.key === senseKeys.recovered;
    if (!isFine) {
      const error = sense.ata ? `, error register 0x${sense.ata.error.toString(16)}` : "";
      throw new Error(`Cannot ${what}: the disk aborted it (sense key ${sense.key}${error})`);
    }
    return { data, registers: sense?.ata };
  },
});

function passThrough(
  { command, features = 0, count = 0, lba = 0n, isWide = false }: AtaCommand,
  protocol: number,
) {
  const cdb = Buffer.alloc(16);
  const hasData = protocol !== protocols.nonData;
  const fromDevice = protocol === protocols.pioIn;
  cdb.writeUInt8(passThrough16, 0);
  cdb.writeUInt8((protocol << 1) | (isWide ? 1 : 0), 1);
  // Length in the count field, in blocks; without data the registers are asked for.
  cdb.writeUInt8(hasData ? (fromDevice ? 0x08 : 0) | 0x04 | 0x02 : 0x20, 2);
  cdb.writeUInt16BE(features, 3);
  cdb.writeUInt16BE(hasData ? 1 : count, 5);
  const byte = (shift: bigint) => Number((lba >> shift) & 0xffn);
  // High and low halves of each of the three LBA registers.
  cdb.set([byte(24n), byte(0n), byte(32n), byte(8n), byte(40n), byte(16n)], 7);
  cdb.writeUInt8(0x40, 13);
  cdb.writeUInt8(command, 14);
  return cdb;
}
