// The three stores of a BMC that are read piece by piece: sensor records, event log, inventory.
import { bits } from "../../../wire/bits.ts";
import { rest } from "../../../wire/bytes.ts";
import { magic } from "../../../wire/constants.ts";
import { u8, u16le, u32le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { command, empty, netFns } from "../command.ts";

/** Record ids that are none: the first and the last of SDRs and of the log. */
export const [firstRecord, lastRecord] = [0x0000, 0xffff];

const storeInfo = struct({
  version: u8,
  records: u16le,
  freeBytes: u16le,
  addedAt: u32le,
  erasedAt: u32le,
  operations: u8,
});

const readRecord = struct({ reservation: u16le, record: u16le, offset: u8, size: u8 });
const recordPiece = struct({ next: u16le, data: rest });

// §33.9
export const getSdrInfo = command({
  name: "Get SDR Repository Info",
  netFn: netFns.storage,
  code: 0x20,
  request: empty,
  response: storeInfo,
});

// §33.11
export const reserveSdr = command({
  name: "Reserve SDR Repository",
  netFn: netFns.storage,
  code: 0x22,
  request: empty,
  response: u16le,
});

// §33.12
export const getSdr = command({
  name: "Get SDR",
  netFn: netFns.storage,
  code: 0x23,
  request: readRecord,
  response: recordPiece,
});

// §35.14. `states` of a threshold sensor are the thresholds passed.
export const getSensorReading = command({
  name: "Get Sensor Reading",
  netFn: netFns.sensor,
  code: 0x2d,
  request: u8,
  response: struct({
    raw: u8,
    flags: bits({ events: 1, scanning: 1, unavailable: 1, reserved: 5 }),
    states: rest,
  }),
});

// §31.2
export const getSelInfo = command({
  name: "Get SEL Info",
  netFn: netFns.storage,
  code: 0x40,
  request: empty,
  response: storeInfo,
});

// §31.4
export const reserveSel = command({
  name: "Reserve SEL",
  netFn: netFns.storage,
  code: 0x42,
  request: empty,
  response: u16le,
});

// §31.5. Size 0xff: the whole record.
export const getSelEntry = command({
  name: "Get SEL Entry",
  netFn: netFns.storage,
  code: 0x43,
  request: readRecord,
  response: recordPiece,
});

// §31.9
export const clearSel = command({
  name: "Clear SEL",
  netFn: netFns.storage,
  code: 0x47,
  request: struct({ reservation: u16le, magic: magic("CLR"), operation: u8 }),
  response: bits({ reserved: 4, progress: 4 }),
});
/** Of `operation`; and the `progress` that says that it is done. */
export const selErasure = { start: 0xaa, ask: 0x00, done: 1 } as const;

// §31.10
export const getSelTime = command({
  name: "Get SEL Time",
  netFn: netFns.storage,
  code: 0x48,
  request: empty,
  response: u32le,
});

// §34.1
export const getFruInfo = command({
  name: "Get FRU Inventory Area Info",
  netFn: netFns.storage,
  code: 0x10,
  request: u8,
  response: struct({ size: u16le, access: u8 }),
});

// §34.2
export const readFru = command({
  name: "Read FRU Data",
  netFn: netFns.storage,
  code: 0x11,
  request: struct({ device: u8, offset: u16le, size: u8 }),
  response: struct({ count: u8, data: rest }),
  completions: { 0x81: "the FRU device is busy" },
  temporary: [0x81],
});
