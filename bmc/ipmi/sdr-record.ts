// Sensor Data Records. IPMI 2.0 §43. Both ways: the client reads them, the simulator writes them.
import { bits } from "../../wire/bits.ts";
import { padding, rest } from "../../wire/bytes.ts";
import { type Codec, decodePrefix, encode } from "../../wire/codec.ts";
import { u8, u16le } from "../../wire/integers.ts";
import { array } from "../../wire/lists.ts";
import { prefixed } from "../../wire/prefixed.ts";
import { struct } from "../../wire/struct.ts";
import { typedText } from "./typed-text.ts";

/** §43: five bytes before the rest of a record. */
export const sdrHeader = struct({ id: u16le, version: u8, type: u8, length: u8 });
export const sdrHeaderBytes = 5;

export const sdr = struct({ id: u16le, version: u8, type: u8, body: prefixed(u8, rest) });

const owner = { ownerId: u8, ownerLun: u8, number: u8, entity: u8, instance: u8 };
const nature = { initialisation: u8, capabilities: u8, sensorType: u8, eventType: u8 };
const units = {
  unitFlags: bits({ signed: 2, rate: 3, modifier: 2, percentage: 1 }),
  baseUnit: u8,
  modifierUnit: u8,
};

/** Of `unitFlags.signed`. */
export const analogFormats = { unsigned: 0, onesComplement: 1, twosComplement: 2, none: 3 } as const;

/** §43.1, type 0x01. The factors are read by sensor-conversion.ts. */
export const fullSensor = struct({
  ...owner,
  ...nature,
  masks: array(3, u16le),
  ...units,
  linearisation: u8,
  factors: array(6, u8),
  analogFlags: u8,
  nominal: array(3, u8),
  limits: array(2, u8),
  /** Upper non-recoverable, critical, non-critical, then the lower three. */
  thresholds: array(6, u8),
  hysteresis: array(2, u8),
  gap: padding(2),
  oem: u8,
  name: typedText,
});

/** §43.2, type 0x02: sensors that know states only. */
export const compactSensor = struct({
  ...owner,
  ...nature,
  masks: array(3, u16le),
  ...units,
  sharing: u16le,
  hysteresis: array(2, u8),
  gap: padding(3),
  oem: u8,
  name: typedText,
});

/** §43.9, type 0x12: the BMC itself. */
export const controllerLocator = struct({
  address: u8,
  channel: u8,
  power: u8,
  capabilities: u8,
  gap: padding(3),
  entity: u8,
  instance: u8,
  oem: u8,
  name: typedText,
});

export const sdrTypes = { full: 0x01, compact: 0x02, controller: 0x12 } as const;

/** §12.6 */
export const sdrVersion = 0x51;

export const readSdrBody = <T>(codec: Codec<T>, body: Uint8Array): T => decodePrefix(codec, body).value;

export const writeSdr = <T>(id: number, type: number, codec: Codec<T>, value: T): Uint8Array =>
  encode(sdr, { id, version: sdrVersion, type, body: encode(codec, value) });
