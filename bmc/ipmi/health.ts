// Sensors and event log over IPMI.
import { decodePrefix } from "../../wire/codec.ts";
import type { Health, HealthGrade, LogEntry, Sensor } from "../bmc.ts";
import { sleep } from "../clock.ts";
import { run, type Transport } from "./command.ts";
import {
  clearSel,
  firstRecord,
  getSdr,
  getSelEntry,
  getSensorReading,
  lastRecord,
  reserveSdr,
  reserveSel,
  selErasure,
} from "./commands/repositories.ts";
import { completions } from "./completion.ts";
import { IpmiError } from "./error.ts";
import { specificEvent, stateText, thresholdEvent } from "./event-text.ts";
import { orAbsent } from "./optional-answer.ts";
import { readInPieces } from "./piecewise.ts";
import { compactSensor, fullSensor, readSdrBody, sdrHeader, sdrHeaderBytes, sdrTypes } from "./sdr-record.ts";
import { describeEvent, selHeader, selTypes, systemEvent, timeOf } from "./sel-record.ts";
import { makeSense, senseOrNone } from "./sense.ts";
import { convert, kindOf, readFactors, unitOf } from "./sensor-conversion.ts";

/** More of them is a BMC whose records point in circles. */
const mostRecords = 10_000;

/** What of a sensor does not change while the BMC runs: read once, since the repository takes seconds to read. */
interface KnownSensor {
  readonly type: number;
  readonly number: number;
  readonly lun: number;
  readonly name: string;
  readonly body: Uint8Array;
}

export function ipmiHealth(transport: Transport): Health {
  let known: Promise<readonly KnownSensor[]> | undefined;
  const sensors = () =>
    (known ??= readRepository(transport).catch((error: unknown) => {
      known = undefined;
      throw error;
    }));

  return {
    sensors: () => orAbsent(sensors().then((known) => readAll(transport, known))),
    events: () =>
      orAbsent(
        sensors().then((known) => readLog(transport, known)),
        [],
      ),
    clearEvents: () => orAbsent(clearLog(transport)),
  };
}

async function readRepository(transport: Transport): Promise<readonly KnownSensor[]> {
  const sensors: KnownSensor[] = [];
  const read = await reservedReads(transport);
  let record = firstRecord;
  for (let count = 0; count < mostRecords && record !== lastRecord; count++) {
    const head = await unlessEmpty(record, read(record, 0, sdrHeaderBytes));
    if (!head) break;
    const { type, length } = makeSense(
      "the sensor records",
      transport.peer,
      () => decodePrefix(sdrHeader, head.data).value,
    );
    if (type === sdrTypes.full || type === sdrTypes.compact) {
      const piece = async (offset: number, size: number) =>
        (await read(record, sdrHeaderBytes + offset, size)).data;
      const body = await readInPieces(length, piece, { piece: 32 });
      const sensor = senseOrNone(() => recordOf(type, body));
      // One that makes no sense hides no other.
      if (sensor)
        sensors.push({ type, number: sensor.number, lun: sensor.ownerLun & 3, name: sensor.name, body });
    }
    if (head.next === record) break;
    record = head.next;
  }
  return sensors;
}

const recordOf = (type: number, body: Uint8Array) =>
  type === sdrTypes.full ? readSdrBody(fullSensor, body) : readSdrBody(compactSensor, body);

/** A store without records has no first one either. */
async function unlessEmpty<T>(record: number, read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    const isEmpty =
      record === firstRecord && error instanceof IpmiError && error.completion === completions.notPresent;
    if (!isEmpty) throw error;
    return undefined;
  }
}

const reservationTries = 8;

/** Reads of SDRs under a reservation, made anew whenever somebody else's reading cost us ours. */
async function reservedReads(transport: Transport) {
  let reservation = await run(transport, reserveSdr, undefined);
  return async (record: number, offset: number, size: number) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run(transport, getSdr, { reservation, record, offset, size });
      } catch (error) {
        if (!isLostReservation(error) || attempt === reservationTries) throw error;
        reservation = await run(transport, reserveSdr, undefined);
      }
    }
  };
}

const isLostReservation = (error: unknown) =>
  error instanceof IpmiError && error.completion === completions.reservationLost;

/** Absent, unpopulated or not scanned: there is a record and no reading. */
const noReading: ReadonlySet<number | undefined> = new Set([
  completions.notPresent,
  completions.stateForbids,
  completions.illegalForRecord,
  completions.invalidField,
  completions.unspecified,
]);

async function readAll(transport: Transport, known: readonly KnownSensor[]): Promise<readonly Sensor[]> {
  const sensors: Sensor[] = [];
  for (const sensor of known) sensors.push(await readSensor(transport, sensor));
  return sensors;
}

async function readSensor(transport: Transport, sensor: KnownSensor): Promise<Sensor> {
  const { type, name, number, lun, body } = sensor;
  const record = recordOf(type, body);
  const { eventType, sensorType, unitFlags, baseUnit } = record;
  const unit = type === sdrTypes.full ? unitOf(unitFlags, baseUnit) : "";
  const described = { name, kind: kindOf(sensorType, unit), unit } as const;
  try {
    const { raw, flags, states } = await run(transport, getSensorReading, number, { lun });
    if (flags.scanning === 0 || flags.unavailable === 1)
      return { ...described, grade: "unknown", states: [] };
    const [low = 0, high = 0] = states;
    if (eventType === thresholdEvent) {
      const reading =
        "factors" in record
          ? convert(raw, {
              factors: readFactors(record.factors),
              format: unitFlags.signed,
              linearisation: record.linearisation,
            })
          : undefined;
      return { ...described, reading, grade: gradeOfThresholds(low), states: [] };
    }
    const rows = offsets(((high & 0x7f) << 8) | low).map((offset) =>
      stateText(sensorType, eventType, offset),
    );
    const grades = rows.map(([, grade]) => grade);
    return {
      ...described,
      unit: eventType === specificEvent ? "" : unit,
      grade: worst(grades),
      states: rows.map(([text]) => text),
    };
  } catch (error) {
    if (!(error instanceof IpmiError) || !noReading.has(error.completion)) throw error;
    return { ...described, grade: "unknown", states: [] };
  }
}

const offsets = (mask: number) =>
  Array.from({ length: 15 }, (_, bit) => bit).filter((bit) => (mask >> bit) & 1);

/** §35.14: bits 0 and 3 are the non-critical thresholds, the other four the worse ones. */
const gradeOfThresholds = (passed: number): HealthGrade =>
  (passed & 0b110110) !== 0 ? "critical" : (passed & 0b001001) !== 0 ? "warning" : "ok";

const worst = (grades: readonly HealthGrade[]): HealthGrade =>
  (["critical", "warning", "unknown"] as const).find((grade) => grades.includes(grade)) ?? "ok";

async function readLog(transport: Transport, known: readonly KnownSensor[]): Promise<readonly LogEntry[]> {
  const names = new Map(known.map(({ number, name }) => [number, name]));
  const entries: LogEntry[] = [];
  let record = firstRecord;
  for (let count = 0; count < mostRecords && record !== lastRecord; count++) {
    const asked = run(transport, getSelEntry, { reservation: 0, record, offset: 0, size: 0xff });
    const entry = await unlessEmpty(record, asked);
    if (!entry) break;
    entries.push(senseOrNone(() => readEntry(entry.data, names)) ?? senseless(record, entry.data));
    if (entry.next === record) break;
    record = entry.next;
  }
  return entries;
}

const senseless = (record: number, data: Uint8Array): LogEntry => ({
  id: String(record),
  source: "unknown",
  message: `A record that makes no sense: ${Buffer.from(data).toString("hex")}`,
  grade: "unknown",
});

function readEntry(data: Uint8Array, names: ReadonlyMap<number, string>): LogEntry {
  const { id, type, body } = decodePrefix(selHeader, data).value;
  if (type === selTypes.system) {
    const event = decodePrefix(systemEvent, body).value;
    return describeEvent(id, event, names.get(event.sensor));
  }
  const stamped = type >= selTypes.firstTimestampedOem && type < selTypes.firstOem;
  const at = stamped ? timeOf(Buffer.from(body).readUInt32LE()) : undefined;
  return {
    id: String(id),
    at,
    source: "manufacturer",
    message: `Record of type 0x${type.toString(16)}: ${Buffer.from(body).toString("hex")}`,
    grade: "unknown",
  };
}

const erasurePollMs = 200;

async function clearLog(transport: Transport): Promise<undefined> {
  const reservation = await run(transport, reserveSel, undefined);
  let operation: number = selErasure.start;
  for (let poll = 0; poll < 50; poll++) {
    const { progress } = await run(transport, clearSel, { reservation, operation });
    if (progress === selErasure.done) return undefined;
    operation = selErasure.ask;
    await sleep(transport.clock, erasurePollMs);
  }
  throw new IpmiError({
    kind: "completion",
    message: `Cannot clear the event log of ${transport.peer}: the BMC says for 10 s that it is still erasing`,
  });
}
