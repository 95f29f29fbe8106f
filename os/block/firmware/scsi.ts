// SCSI commands (SPC-5, SBC-4), as the kernel's SG_IO passes them through.
import { addressOf, blockingSyscall } from "../../kernel/ffi.ts";
import { numbers } from "../../kernel/syscall-numbers.ts";
import { parseSense, type Sense } from "./sense.ts";

export interface ScsiCommand {
  readonly cdb: Uint8Array;
  /** What goes along, or how much comes back. */
  readonly send?: Uint8Array;
  readonly answerBytes?: number;
  readonly timeoutMs?: number;
}

export interface ScsiAnswer {
  readonly data: Uint8Array;
  /** Undefined when all is well and there is nothing to add. */
  readonly sense: Sense | undefined;
}

export interface Scsi {
  /** Rejects when the command did not reach the device; what the device thinks of it is the answer's sense. */
  execute(what: string, command: ScsiCommand): Promise<ScsiAnswer>;
}

// Linux, include/scsi/sg.h
const SG_IO = 0x2285;
const direction = { none: -1, toDevice: -2, fromDevice: -3 } as const;
const headerBytes = 88;
const senseBytes = 64;
const usualTimeoutMs = 30_000;
/** Statuses: good, and "look at the sense". */
const good = 0;
const checkCondition = 2;

export const openScsi = (fd: number): Scsi => ({
  async execute(what, { cdb, send, answerBytes = 0, timeoutMs = usualTimeoutMs }) {
    const data = send ? Buffer.from(send) : Buffer.alloc(answerBytes);
    const way = send ? direction.toDevice : answerBytes > 0 ? direction.fromDevice : direction.none;
    // struct sg_io_hdr, with the command and the sense behind it: what is held for the call must be one piece.
    const room = Buffer.alloc(headerBytes + cdb.length + senseBytes);
    const header = room.subarray(0, headerBytes);
    const sense = room.subarray(headerBytes + cdb.length);
    room.set(cdb, headerBytes);
    const commandAt = addressOf(room) + BigInt(headerBytes);
    header.writeInt32LE("S".charCodeAt(0), 0);
    header.writeInt32LE(way, 4);
    header.writeUInt8(cdb.length, 8);
    header.writeUInt8(senseBytes, 9);
    header.writeUInt32LE(data.length, 12);
    if (data.length > 0) header.writeBigUInt64LE(addressOf(data), 16);
    header.writeBigUInt64LE(commandAt, 24);
    header.writeBigUInt64LE(commandAt + BigInt(cdb.length), 32);
    header.writeUInt32LE(timeoutMs, 40);
    await blockingSyscall(what, numbers.ioctl, fd, SG_IO, room);

    const status = header.readUInt8(64);
    const hostStatus = header.readUInt16LE(68);
    if (hostStatus !== 0) throw new Error(`Cannot ${what}: the adapter says ${hostStatus}`);
    const said = sense.subarray(0, header.readUInt8(67));
    if (status !== good && status !== checkCondition)
      throw new Error(`Cannot ${what}: the disk answers with status ${status}`);
    return { data, sense: said.length > 0 ? parseSense(said) : undefined };
  },
});
