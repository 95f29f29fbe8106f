// Records of the event log. IPMI 2.0 §32.
import { bits } from "../../wire/bits.ts";
import { rest } from "../../wire/bytes.ts";
import { u8, u16le, u32le } from "../../wire/integers.ts";
import { sized } from "../../wire/prefixed.ts";
import { struct } from "../../wire/struct.ts";
import type { LogEntry } from "../bmc.ts";
import { sensorTypeName, stateText } from "./event-text.ts";

export const selRecordBytes = 16;

/** §32, figure 32-1. */
export const selHeader = struct({ id: u16le, type: u8, body: sized(13, rest) });

/** §32.1, record type 0x02. */
export const systemEvent = struct({
  at: u32le,
  generator: u16le,
  format: u8,
  sensorType: u8,
  sensor: u8,
  event: bits({ deasserted: 1, type: 7 }),
  data: bits({ secondByte: 2, thirdByte: 2, offset: 4 }),
  more: u16le,
});

export const selTypes = { system: 0x02, firstTimestampedOem: 0xc0, firstOem: 0xe0 } as const;

/** §37: below this, seconds since the BMC started; all ones, no time at all. */
const firstRealTime = 0x2000_0000;
const noTime = 0xffff_ffff;

export const timeOf = (seconds: number): number | undefined =>
  seconds >= firstRealTime && seconds !== noTime ? seconds * 1000 : undefined;

export function describeEvent(
  id: number,
  { at, sensorType, sensor, event, data }: ReturnType<typeof systemEvent.decode>,
  sensorName: string | undefined,
): LogEntry {
  const [text, grade] = stateText(sensorType, event.type, data.offset);
  return {
    id: String(id),
    at: timeOf(at),
    source: sensorName ?? `${sensorTypeName(sensorType)} #${sensor}`,
    message: event.deasserted === 1 ? `${text}: no longer` : text,
    grade: event.deasserted === 1 ? "ok" : grade,
  };
}
