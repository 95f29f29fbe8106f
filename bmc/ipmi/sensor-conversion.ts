// From the byte of a sensor to its number: y = L[(M·x + B·10^K1)·10^K2]. IPMI 2.0 §36.3, §43.1.
import type { Sensor } from "../bmc.ts";
import { analogFormats } from "./sdr-record.ts";

export interface Factors {
  readonly m: number;
  readonly b: number;
  readonly resultExponent: number;
  readonly bExponent: number;
}

const signed = (value: number, width: number) => (value << (32 - width)) >> (32 - width);

/** Six bytes: M and tolerance, B and accuracy, accuracy, then the two exponents. */
export function readFactors(bytes: readonly number[]): Factors {
  const [m = 0, mHigh = 0, b = 0, bHigh = 0, , exponents = 0] = bytes;
  return {
    m: signed(((mHigh & 0xc0) << 2) | m, 10),
    b: signed(((bHigh & 0xc0) << 2) | b, 10),
    resultExponent: signed(exponents >> 4, 4),
    bExponent: signed(exponents & 0x0f, 4),
  };
}

export function writeFactors({ m, b, resultExponent, bExponent }: Factors): number[] {
  const high = (value: number) => (value >> 2) & 0xc0;
  return [m & 0xff, high(m), b & 0xff, high(b), 0, ((resultExponent & 15) << 4) | (bExponent & 15)];
}

/** §43.1, byte 24. From 12 on, the factors depend on the reading and must be asked for; few sensors do that. */
const linearisations: readonly ((value: number) => number)[] = [
  (x) => x,
  Math.log,
  Math.log10,
  Math.log2,
  Math.exp,
  (x) => 10 ** x,
  (x) => 2 ** x,
  (x) => 1 / x,
  (x) => x ** 2,
  (x) => x ** 3,
  Math.sqrt,
  Math.cbrt,
];

/** Undefined for a sensor without numbers, or whose formula is not a fixed one. */
export function convert(
  raw: number,
  { factors, format, linearisation }: { factors: Factors; format: number; linearisation: number },
): number | undefined {
  const line = linearisations[linearisation & 0x7f];
  if (!line || format === analogFormats.none) return undefined;
  const x =
    format === analogFormats.unsigned
      ? raw
      : signed(raw, 8) + (format === analogFormats.onesComplement && raw > 0x7f ? 1 : 0);
  const { m, b, resultExponent, bExponent } = factors;
  const value = line((m * x + b * 10 ** bExponent) * 10 ** resultExponent);
  // Powers of ten leave 12.059999999999999 where the BMC meant 12.06.
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : undefined;
}

/** §43.17, table 43-15: the ones that servers use. */
const units: Readonly<Record<number, string>> = {
  0: "",
  1: "degrees C",
  2: "degrees F",
  3: "K",
  4: "V",
  5: "A",
  6: "W",
  7: "J",
  8: "C",
  9: "VA",
  17: "CFM",
  18: "RPM",
  19: "Hz",
  20: "us",
  21: "ms",
  22: "s",
  23: "min",
  24: "h",
  25: "days",
};

export const unitOf = ({ percentage }: { percentage: number }, base: number): string =>
  percentage === 1 ? "%" : (units[base] ?? "");

export const unitCodes = { "degrees C": 1, V: 4, A: 5, W: 6, RPM: 18 } as const;

/** §42.2, table 42-3. */
export const sensorTypes = {
  temperature: 0x01,
  voltage: 0x02,
  current: 0x03,
  fan: 0x04,
  power: 0x0b,
} as const;

export function kindOf(sensorType: number, unit: string): Sensor["kind"] {
  if (unit === "W") return "power";
  switch (sensorType) {
    case sensorTypes.temperature:
      return "temperature";
    case sensorTypes.voltage:
      return "voltage";
    case sensorTypes.current:
      return "current";
    case sensorTypes.fan:
      return "fan";
    default:
      return "other";
  }
}
