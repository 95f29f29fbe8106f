// Sensor records, readings, event log and inventory, answered.
import {
  clearSel,
  firstRecord,
  getFruInfo,
  getSdr,
  getSdrInfo,
  getSelEntry,
  getSelInfo,
  getSelTime,
  getSensorReading,
  lastRecord,
  readFru,
  reserveSdr,
  reserveSel,
  selErasure,
} from "../../ipmi/commands/repositories.ts";
import { privilegeLevels } from "../../ipmi/commands/session.ts";
import { completions } from "../../ipmi/completion.ts";
import { selRecordBytes } from "../../ipmi/sel-record.ts";
import { handle, refuse } from "./handler.ts";
import { passedThresholds, rawOf, selRecordOf } from "./records.ts";

const { user, operator } = privilegeLevels;

/** SDR 1.5 and 2.0 alike say 0x51 here, the digits the wrong way round. */
const storeVersion = 0x51;
const reservable = 0x02;

const seconds = (ms: number) => Math.floor(ms / 1000);

interface Piece {
  readonly offset: number;
  readonly size: number;
}

/** Part of a record; 0xff asks for all that is left. */
function pieceOf(record: Uint8Array, { offset, size }: Piece, most: number) {
  if (offset > record.length) return refuse(completions.parameterOutOfRange);
  const wanted = size === 0xff ? record.length - offset : size;
  if (wanted > most) return refuse(completions.cannotReturnSoMany);
  return record.subarray(offset, offset + wanted);
}

export const storeHandlers = [
  handle(getSdrInfo, user, (_, { memory }) => ({
    version: storeVersion,
    records: memory.sdrs.length,
    freeBytes: 0,
    addedAt: 0,
    erasedAt: 0,
    operations: reservable,
  })),
  handle(reserveSdr, user, (_, { memory }) => (memory.sdrReservation = memory.reserve())),
  handle(getSdr, user, ({ reservation, record, offset, size }, { chassis, memory }) => {
    const { maxReadBytes = 255, losesReservationEvery } = chassis.quirks;
    if (memory.losesReservation(losesReservationEvery)) memory.sdrReservation = 0;
    if (offset > 0 && reservation !== memory.sdrReservation) return refuse(completions.reservationLost);
    const index = record === firstRecord ? 0 : memory.sdrs.findIndex(({ id }) => id === record);
    const found = memory.sdrs[index];
    if (!found) return refuse(completions.notPresent);
    const data = pieceOf(found.bytes, { offset, size }, maxReadBytes);
    return data instanceof Uint8Array ? { next: memory.sdrs[index + 1]?.id ?? lastRecord, data } : data;
  }),
  handle(getSensorReading, user, (number, { chassis }) => {
    const sensor = chassis.furniture.sensors[number - 1];
    if (!sensor) return refuse(completions.notPresent);
    const { reading } = sensor;
    return {
      raw: reading === undefined ? 0 : rawOf(sensor, reading),
      flags: { events: 1, scanning: 1, unavailable: reading === undefined ? 1 : 0, reserved: 0 },
      states: Uint8Array.of(0xc0 | passedThresholds(sensor)),
    };
  }),

  handle(getSelInfo, user, (_, { chassis }) => ({
    version: storeVersion,
    records: chassis.furniture.events.length,
    freeBytes: 0xffff,
    addedAt: seconds(chassis.furniture.events.at(-1)?.at ?? 0),
    erasedAt: 0,
    operations: reservable,
  })),
  handle(reserveSel, user, (_, { memory }) => (memory.selReservation = memory.reserve())),
  handle(getSelEntry, user, ({ record, offset, size }, { chassis }) => {
    const { events } = chassis.furniture;
    const index =
      record === firstRecord
        ? 0
        : record === lastRecord
          ? events.length - 1
          : events.findIndex(({ id }) => id === record);
    const event = events[index];
    if (!event) return refuse(completions.notPresent);
    const data = pieceOf(selRecordOf(event, chassis.furniture), { offset, size }, selRecordBytes);
    return data instanceof Uint8Array ? { next: events[index + 1]?.id ?? lastRecord, data } : data;
  }),
  handle(clearSel, operator, ({ reservation, operation }, { chassis, memory }) => {
    if (reservation !== memory.selReservation) return refuse(completions.reservationLost);
    if (operation === selErasure.start) chassis.furniture.events.length = 0;
    return { reserved: 0, progress: selErasure.done };
  }),
  handle(getSelTime, user, (_, { chassis }) => seconds(chassis.clock.now())),

  handle(getFruInfo, user, (device, { memory }) =>
    device === 0 ? { size: memory.fru.length, access: 0 } : refuse(completions.notPresent),
  ),
  handle(readFru, user, ({ device, offset, size }, { chassis, memory }) => {
    if (device !== 0) return refuse(completions.notPresent);
    const data = pieceOf(memory.fru, { offset, size }, chassis.quirks.maxReadBytes ?? 255);
    return data instanceof Uint8Array ? { count: data.length, data } : data;
  }),
];
