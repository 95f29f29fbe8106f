// The furniture of a chassis as IPMI tells it: SDRs, readings, log records, inventory.
import { encode } from "../../../wire/codec.ts";
import { writeFru } from "../../ipmi/fru-inventory.ts";
import { controllerLocator, fullSensor, sdrTypes, writeSdr } from "../../ipmi/sdr-record.ts";
import { selHeader, selTypes, systemEvent } from "../../ipmi/sel-record.ts";
import { sensorTypes, unitCodes, writeFactors } from "../../ipmi/sensor-conversion.ts";
import type { Furniture, SimulatedEvent, SimulatedSensor } from "../furniture.ts";
import { sensorTypeNumbers, thresholdOffsets } from "./event-codes.ts";

const bmcAddress = 0x20;
const [systemBoardEntity, mcEntity] = [7, 6];

export function sdrsOf({ sensors }: Furniture) {
  const controller = writeSdr(1, sdrTypes.controller, controllerLocator, {
    address: bmcAddress,
    channel: 0,
    power: 0,
    capabilities: 0xbf,
    entity: mcEntity,
    instance: 1,
    oem: 0,
    name: "BMC",
  });
  return [
    { id: 1, bytes: controller },
    ...sensors.map((sensor, index) => ({ id: index + 2, bytes: sensorRecord(sensor, index) })),
  ];
}

const scale = ({ multiplier, exponent }: SimulatedSensor) => multiplier * 10 ** exponent;

export const rawOf = (sensor: SimulatedSensor, value: number): number =>
  Math.max(0, Math.min(255, Math.round(value / scale(sensor))));

function sensorRecord(sensor: SimulatedSensor, index: number): Uint8Array {
  const has = { warning: sensor.warning !== undefined, critical: sensor.critical !== undefined };
  const readable = (has.warning ? 0x08 : 0) | (has.critical ? 0x10 : 0);
  return writeSdr(index + 2, sdrTypes.full, fullSensor, {
    ownerId: bmcAddress,
    ownerLun: 0,
    number: index + 1,
    entity: systemBoardEntity,
    instance: index + 1,
    // Scanning and events on at start; readable thresholds.
    initialisation: 0x7f,
    capabilities: readable === 0 ? 0x40 : 0x48,
    sensorType: sensorTypes[sensor.kind],
    eventType: 1,
    masks: [0, 0, (readable << 8) | readable],
    unitFlags: { signed: 0, rate: 0, modifier: 0, percentage: 0 },
    baseUnit: unitCodes[sensor.unit],
    modifierUnit: 0,
    linearisation: 0,
    factors: writeFactors({ m: sensor.multiplier, b: 0, resultExponent: sensor.exponent, bExponent: 0 }),
    analogFlags: 0,
    nominal: [0, 0, 0],
    limits: [0xff, 0],
    thresholds: [0, rawOf(sensor, sensor.critical ?? 0), rawOf(sensor, sensor.warning ?? 0), 0, 0, 0],
    hysteresis: [0, 0],
    oem: 0,
    name: sensor.name,
  });
}

/** §35.14: which of the thresholds are passed. */
export function passedThresholds({ reading, warning, critical }: SimulatedSensor): number {
  if (reading === undefined) return 0;
  const above = (threshold: number | undefined) => threshold !== undefined && reading >= threshold;
  return (above(warning) ? 0x08 : 0) | (above(critical) ? 0x10 : 0);
}

export function selRecordOf(event: SimulatedEvent, { sensors }: Furniture): Uint8Array {
  const index = sensors.findIndex(({ name }) => name === event.sensor);
  const sensor = sensors[index];
  return encode(selHeader, {
    id: event.id,
    type: selTypes.system,
    body: encode(systemEvent, {
      at: Math.floor(event.at / 1000),
      generator: bmcAddress,
      format: 4,
      sensorType: sensor ? sensorTypes[sensor.kind] : sensorTypeNumbers.systemEvent,
      sensor: index + 1,
      event: { deasserted: event.grade === "ok" ? 1 : 0, type: 1 },
      data: { secondByte: 0, thirdByte: 0, offset: thresholdOffsets[event.grade] },
      more: 0xffff,
    }),
  });
}

export function fruOf({ identity }: Furniture): Uint8Array {
  const { manufacturer, model, serial } = identity;
  return writeFru({
    chassis: { part: model, serial },
    board: { manufacturer, product: model, serial: `B${serial}`, part: "SIM-BOARD" },
    product: { manufacturer, name: model, part: "SIM-1U", version: "1", serial, asset: "" },
  });
}
