// What stands in an emulated server: identity, sensors, event log, accounts, network. Plain records, changed in place
// by both protocol servers.
import type { BmcNetwork, Privilege } from "../bmc.ts";

export interface SimulatedIdentity {
  manufacturer: string;
  model: string;
  serial: string;
  uuid: string;
  macs: readonly string[];
  bmcFirmware: { major: number; minor: number };
}

export interface SimulatedSensor {
  readonly name: string;
  readonly kind: "temperature" | "voltage" | "current" | "fan" | "power";
  readonly unit: "degrees C" | "V" | "A" | "RPM" | "W";
  /** Undefined: nothing to read at the moment. */
  reading: number | undefined;
  /** The steps in which an IPMI sensor can say it: reading = raw × 10^exponent × multiplier. */
  readonly multiplier: number;
  readonly exponent: number;
  readonly warning?: number;
  readonly critical?: number;
}

export interface SimulatedEvent {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly sensor: string;
  readonly message: string;
  readonly grade: "ok" | "warning" | "critical";
}

export interface SimulatedUser {
  /** Empty: a free slot. */
  name: string;
  password: string;
  privilege: Privilege;
  enabled: boolean;
}

export type SimulatedNetwork = { -readonly [K in keyof BmcNetwork]: BmcNetwork[K] } & {
  /** Set by hand, and learned from routers. */
  ipv6: { fixed: readonly string[]; learned: readonly string[] };
};

/** Of the LAN channel, as IPMI's Set Channel Access has it. */
export interface LanAccess {
  mode: number;
  privilege: number;
}

export interface Furniture {
  identity: SimulatedIdentity;
  sensors: SimulatedSensor[];
  events: SimulatedEvent[];
  /** By IPMI user id minus one; the first is the nameless user that IPMI keeps. */
  users: SimulatedUser[];
  network: SimulatedNetwork;
  lanAccess: LanAccess;
  secureBoot: "enabled" | "disabled";
}

const pad = (number: number, digits: number) => number.toString(16).padStart(digits, "0");

export const freeUser = (): SimulatedUser => ({ name: "", password: "", privilege: "none", enabled: false });

/** The `index`-th of many alike, each with identity facts of its own. */
export function furnish(index = 0): Furniture {
  return {
    identity: {
      manufacturer: "Ingot",
      model: "Simulated 1U",
      serial: `SIM${String(index).padStart(6, "0")}`,
      uuid: `4c4c4544-0042-4a10-8035-${pad(index, 12)}`,
      macs: [0, 1].map((port) => `52:54:00:${pad(index >> 8, 2)}:${pad(index & 0xff, 2)}:${pad(port, 2)}`),
      bmcFirmware: { major: 2, minor: 40 },
    },
    sensors: [
      {
        name: "CPU Temp",
        kind: "temperature",
        unit: "degrees C",
        reading: 41,
        multiplier: 1,
        exponent: 0,
        warning: 85,
        critical: 95,
      },
      {
        name: "Inlet Temp",
        kind: "temperature",
        unit: "degrees C",
        reading: 23,
        multiplier: 1,
        exponent: 0,
        warning: 40,
        critical: 45,
      },
      {
        name: "12V",
        kind: "voltage",
        unit: "V",
        reading: 12.06,
        multiplier: 6,
        exponent: -2,
        warning: 13.2,
        critical: 13.8,
      },
      { name: "FAN1", kind: "fan", unit: "RPM", reading: 5400, multiplier: 100, exponent: 0 },
      { name: "FAN2", kind: "fan", unit: "RPM", reading: undefined, multiplier: 100, exponent: 0 },
      {
        name: "PSU1 Power",
        kind: "power",
        unit: "W",
        reading: 184,
        multiplier: 4,
        exponent: 0,
        warning: 800,
        critical: 900,
      },
    ],
    events: [],
    users: [
      freeUser(),
      { name: "admin", password: "secret", privilege: "administrator", enabled: true },
      ...Array.from({ length: 8 }, freeUser),
    ],
    network: {
      source: "static",
      address: "192.0.2.10",
      netmask: "255.255.255.0",
      gateway: "192.0.2.1",
      mac: `52:54:01:${pad(index >> 8, 2)}:${pad(index & 0xff, 2)}:00`,
      ipv6: { fixed: [], learned: [] },
    },
    lanAccess: { mode: 2, privilege: 4 },
    secureBoot: "disabled",
  };
}
