// Sensors over Redfish: the two old resources that list them all, else the collection of one resource each.
import { type Absent, absent, type Sensor } from "../bmc.ts";
import { gradeOf } from "./grade.ts";
import { chassis as chassisShape, power, sensor as sensorShape, thermal } from "./resources.ts";
import type { Target } from "./system.ts";

export async function readSensors(target: Target): Promise<readonly Sensor[] | Absent> {
  const { service } = target;
  const sensors: Sensor[] = [];
  for (const path of await target.chassis()) {
    const { Thermal, Power, Sensors } = await service.get(path, chassisShape);
    // Two requests against one for every sensor.
    if (Thermal !== undefined || Power !== undefined) {
      if (Thermal !== undefined) sensors.push(...thermalSensors(await service.get(Thermal, thermal)));
      if (Power !== undefined) sensors.push(...powerSensors(await service.get(Power, power)));
    } else if (Sensors !== undefined) {
      for (const { value } of await service.members(Sensors, sensorShape)) sensors.push(singleSensor(value));
    }
  }
  return sensors.length > 0 ? sensors : absent("the BMC tells of no sensors");
}

interface Told {
  readonly Name?: string | undefined;
  readonly Status?: { readonly Health?: string | undefined; readonly State?: string | undefined } | undefined;
}

function sensor(
  kind: Sensor["kind"],
  unit: string,
  { Name = "", Status }: Told,
  reading: number | undefined,
): Sensor {
  const isThere =
    Status?.State === undefined || Status.State === "Enabled" || Status.State === "StandbyOffline";
  return {
    name: Name,
    kind,
    unit,
    reading: isThere ? reading : undefined,
    grade: gradeOf(Status?.Health),
    states: isThere ? [] : [Status.State],
  };
}

function thermalSensors({ Temperatures = [], Fans = [] }: ReturnType<typeof thermal>): Sensor[] {
  return [
    ...Temperatures.map((told) => sensor("temperature", "degrees C", told, told.ReadingCelsius)),
    ...Fans.map((told) => {
      const unit = told.ReadingUnits === "Percent" ? "%" : (told.ReadingUnits ?? "RPM");
      return sensor("fan", unit, { ...told, Name: told.Name ?? told.FanName }, told.Reading);
    }),
  ];
}

function powerSensors({
  Voltages = [],
  PowerControl = [],
  PowerSupplies = [],
}: ReturnType<typeof power>): Sensor[] {
  return [
    ...Voltages.map((told) => sensor("voltage", "V", told, told.ReadingVolts)),
    ...PowerControl.map((told) => sensor("power", "W", told, told.PowerConsumedWatts)),
    ...PowerSupplies.map((told) =>
      sensor("power", "W", told, told.PowerInputWatts ?? told.LastPowerOutputWatts),
    ),
  ];
}

/** Sensor.ReadingUnits is UCUM: in the words of the seam where it has some. */
const kinds: Readonly<Record<string, readonly [kind: Sensor["kind"], unit: string]>> = {
  Cel: ["temperature", "degrees C"],
  V: ["voltage", "V"],
  A: ["current", "A"],
  RPM: ["fan", "RPM"],
  "{rev}/min": ["fan", "RPM"],
  W: ["power", "W"],
};

function singleSensor(told: ReturnType<typeof sensorShape>): Sensor {
  const unit = told.ReadingUnits ?? "";
  const [kind, word] = kinds[unit] ?? ["other", unit];
  return sensor(kind, word, { ...told, Name: told.Name ?? told.Id }, told.Reading);
}
