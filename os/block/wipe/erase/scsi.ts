// How a SCSI disk erases itself: SANITIZE and FORMAT UNIT (SBC-4 §5.36 and §5.4).
import type { Scsi } from "../../firmware/scsi.ts";
import { parseSense, type Sense, senseKeys } from "../../firmware/sense.ts";
import { Unsupported } from "../../unsupported.ts";
import type { Erase } from "./erase.ts";

const opcodes = {
  requestSense: 0x03,
  formatUnit: 0x04,
  sanitize: 0x48,
  readCapacity16: 0x9e,
  maintenanceIn: 0xa3,
} as const;
/** Service actions of SANITIZE, the surest first. */
const sanitizeActions = { blockErase: 2, overwrite: 1, cryptographicErase: 3 } as const;
const immediate = 0x80;
/** Additional sense: logical unit not ready, with what it is busy with. */
const busyCode = 0x04;
const busyWith: ReadonlySet<number> = new Set([0x04, 0x1b]);

export const scsiSanitize: Erase = async (device, task) => {
  const scsi = scsiOf(device);
  for (const [name, action] of Object.entries(sanitizeActions)) {
    if (!(await isSupported(scsi, opcodes.sanitize, action))) continue;
    // One pass of zeros: count 1, a pattern of four bytes.
    const parameters = name === "overwrite" ? Buffer.from([1, 0, 0, 4, 0, 0, 0, 0]) : undefined;
    const cdb = Buffer.alloc(10);
    cdb.set([opcodes.sanitize, immediate | action]);
    cdb.writeUInt16BE(parameters?.length ?? 0, 7);
    const answer = await scsi.execute("sanitize the disk", { cdb, ...(parameters && { send: parameters }) });
    refuse("sanitize the disk", answer.sense);
    return untilDone(scsi, "sanitize the disk", task);
  }
  throw new Unsupported("the disk has no SANITIZE");
};

export const scsiFormatUnit: Erase = async (device, task) => {
  const scsi = scsiOf(device);
  if (await hasProtection(scsi))
    throw new Unsupported("it is formatted with protection information, which FORMAT UNIT would take away");
  // With a parameter list that says: answer at once.
  const cdb = Buffer.from([opcodes.formatUnit, 0x10, 0, 0, 0, 0]);
  const { sense } = await scsi.execute("format the disk", { cdb, send: Buffer.from([0, 0x02, 0, 0]) });
  refuse("format the disk", sense);
  return untilDone(scsi, "format the disk", task);
};

function scsiOf({ firmware }: Parameters<Erase>[0]): Scsi {
  if (firmware.speaks !== "scsi") throw new Unsupported("it is no SCSI disk");
  return firmware.scsi;
}

/** REPORT SUPPORTED OPERATION CODES (SPC-5 §6.34) for one operation and one service action. */
async function isSupported(scsi: Scsi, opcode: number, action: number): Promise<boolean> {
  const cdb = Buffer.alloc(12);
  cdb.set([opcodes.maintenanceIn, 0x0c, 0x03, opcode]);
  cdb.writeUInt16BE(action, 4);
  cdb.writeUInt32BE(4, 6);
  const { data, sense } = await scsi.execute("ask what the disk can do", { cdb, answerBytes: 4 });
  return !isBad(sense) && ((data[1] ?? 0) & 7) === 3;
}

/** READ CAPACITY (16), PROT_EN. */
async function hasProtection(scsi: Scsi): Promise<boolean> {
  const cdb = Buffer.alloc(16);
  cdb.set([opcodes.readCapacity16, 0x10]);
  cdb.writeUInt32BE(32, 10);
  const { data, sense } = await scsi.execute("read the capacity", { cdb, answerBytes: 32 });
  return !isBad(sense) && ((data[12] ?? 0) & 1) === 1;
}

async function untilDone(scsi: Scsi, what: string, task: Parameters<Erase>[1]): Promise<void> {
  for (;;) {
    const cdb = Buffer.from([opcodes.requestSense, 0, 0, 0, 252, 0]);
    const { data } = await scsi.execute(`ask how far it is to ${what}`, { cdb, answerBytes: 252 });
    const sense = parseSense(data);
    const isBusy =
      sense?.key === senseKeys.notReady && sense.code === busyCode && busyWith.has(sense.qualifier);
    // SBC-4 §4.11.3: while it works, progress is told also without an error.
    if (!isBusy && !(sense?.progress !== undefined && sense.key === senseKeys.none)) {
      return refuse(what, sense);
    }
    if (sense.progress !== undefined) task.progress(sense.progress);
    await task.pause(task.signal);
  }
}

const isBad = (sense: Sense | undefined): sense is Sense =>
  sense !== undefined && sense.key !== senseKeys.none && sense.key !== senseKeys.recovered;

function refuse(what: string, sense: Sense | undefined): void {
  if (!isBad(sense)) return;
  const story = `sense ${sense.key}/${sense.code.toString(16)}/${sense.qualifier.toString(16)}`;
  if (sense.key === senseKeys.illegalRequest)
    throw new Unsupported(`the disk knows no such command (${story})`);
  throw new Error(`Cannot ${what}: the disk says ${story}`);
}
