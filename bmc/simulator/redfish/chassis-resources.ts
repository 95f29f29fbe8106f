// The box around the server: its sensors, as two lists and one by one.
import type { SimulatedSensor } from "../furniture.ts";
import { type Body, collectionOf, headOf, linkTo, type Resource, root } from "./resource.ts";

const chassis = `${root}/Chassis/1`;
const sensors = `${chassis}/Sensors`;

const statusOf = ({
  reading,
  warning = Number.POSITIVE_INFINITY,
  critical = Number.POSITIVE_INFINITY,
}: SimulatedSensor) =>
  reading === undefined
    ? { State: "Absent" }
    : { State: "Enabled", Health: reading >= critical ? "Critical" : reading >= warning ? "Warning" : "OK" };

/** The rows of one kind of sensor in the lists of Thermal and Power. */
const rows = (
  all: readonly SimulatedSensor[],
  kind: SimulatedSensor["kind"],
  path: string,
  list: string,
  value: string,
) =>
  all
    .filter((sensor) => sensor.kind === kind)
    .map((sensor, index) => ({
      "@odata.id": `${path}#/${list}/${index}`,
      MemberId: String(index),
      Name: sensor.name,
      Status: statusOf(sensor),
      ...(kind === "fan" ? { ReadingUnits: "RPM" } : {}),
      [value]: sensor.reading ?? null,
    }));

const units = { "degrees C": "Cel", V: "V", A: "A", RPM: "{rev}/min", W: "W" } as const;
const readingTypes = {
  temperature: "Temperature",
  voltage: "Voltage",
  current: "Current",
  fan: "Rotational",
  power: "Power",
} as const;

const sensorOf = (sensor: SimulatedSensor, id: string): Body => ({
  ...headOf(`${sensors}/${id}`, "Sensor.v1_7_0", sensor.name),
  Reading: sensor.reading ?? null,
  ReadingUnits: units[sensor.unit],
  ReadingType: readingTypes[sensor.kind],
  Status: statusOf(sensor),
  ...(sensor.warning === undefined
    ? {}
    : {
        Thresholds: {
          UpperCaution: { Reading: sensor.warning },
          ...(sensor.critical === undefined ? {} : { UpperCritical: { Reading: sensor.critical } }),
        },
      }),
});

export const chassisResources: readonly Resource[] = [
  {
    path: `${root}/Chassis`,
    get: () => collectionOf(`${root}/Chassis`, "ChassisCollection", "Chassis", [chassis]),
  },
  {
    path: chassis,
    get: ({ chassis: { furniture, quirks } }) => ({
      ...headOf(chassis, "Chassis.v1_23_0", "Chassis"),
      ChassisType: "RackMount",
      Manufacturer: furniture.identity.manufacturer,
      Model: furniture.identity.model,
      SerialNumber: furniture.identity.serial,
      Status: { State: "Enabled", Health: "OK" },
      Sensors: linkTo(sensors),
      ...(quirks.redfish?.noThermal
        ? {}
        : { Thermal: linkTo(`${chassis}/Thermal`), Power: linkTo(`${chassis}/Power`) }),
      Links: { ComputerSystems: [linkTo(`${root}/Systems/1`)], ManagedBy: [linkTo(`${root}/Managers/1`)] },
    }),
  },
  {
    path: `${chassis}/Thermal`,
    get: ({ chassis: { furniture, quirks } }) => {
      const path = `${chassis}/Thermal`;
      return quirks.redfish?.noThermal
        ? undefined
        : {
            ...headOf(path, "Thermal.v1_7_1", "Thermal"),
            Temperatures: rows(furniture.sensors, "temperature", path, "Temperatures", "ReadingCelsius"),
            Fans: rows(furniture.sensors, "fan", path, "Fans", "Reading"),
          };
    },
  },
  {
    path: `${chassis}/Power`,
    get: ({ chassis: { furniture, quirks } }) => {
      const path = `${chassis}/Power`;
      return quirks.redfish?.noThermal
        ? undefined
        : {
            ...headOf(path, "Power.v1_7_1", "Power"),
            Voltages: rows(furniture.sensors, "voltage", path, "Voltages", "ReadingVolts"),
            PowerControl: rows(furniture.sensors, "power", path, "PowerControl", "PowerConsumedWatts"),
          };
    },
  },
  {
    path: sensors,
    get: ({ chassis: { furniture } }) =>
      collectionOf(
        sensors,
        "SensorCollection",
        "Sensors",
        furniture.sensors.map((_, index) => `${sensors}/${index + 1}`),
      ),
  },
  {
    path: `${sensors}/:sensor`,
    get: ({ chassis: { furniture }, ids }) => {
      const sensor = furniture.sensors[Number(ids["sensor"]) - 1];
      return sensor && sensorOf(sensor, ids["sensor"]!);
    },
  },
];
