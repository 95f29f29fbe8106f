// Power, LED and boot order. IPMI 2.0 §28.
import { bits } from "../../../wire/bits.ts";
import { rest } from "../../../wire/bytes.ts";
import { u8 } from "../../../wire/integers.ts";
import { oneOf } from "../../../wire/one-of.ts";
import { optional } from "../../../wire/optional.ts";
import { struct } from "../../../wire/struct.ts";
import { command, empty, netFns } from "../command.ts";

// §28.2
export const getChassisStatus = command({
  name: "Get Chassis Status",
  netFn: netFns.chassis,
  code: 0x01,
  request: empty,
  response: struct({
    power: bits({
      reserved: 1,
      restorePolicy: 2,
      controlFault: 1,
      fault: 1,
      interlock: 1,
      overload: 1,
      on: 1,
    }),
    lastEvent: u8,
    misc: bits({
      reserved: 1,
      identifySupported: 1,
      identify: 2,
      fanFault: 1,
      driveFault: 1,
      lockout: 1,
      intrusion: 1,
    }),
  }),
});

/** Of `misc.identify`. */
export const identifyStates = { off: 0, timed: 1, on: 2 } as const;

// §28.3
export const chassisControl = command({
  name: "Chassis Control",
  netFn: netFns.chassis,
  code: 0x02,
  request: oneOf(u8, { off: 0, on: 1, cycle: 2, reset: 3, interrupt: 4, softOff: 5 }),
  response: empty,
});

// §28.5. Without seconds 15 of them; `forced` lights it until told otherwise.
export const chassisIdentify = command({
  name: "Chassis Identify",
  netFn: netFns.chassis,
  code: 0x04,
  request: struct({ seconds: optional(u8), forced: optional(u8) }),
  response: empty,
});

/** §28.13, table 28-14. */
export const bootParameters = {
  inProgress: 0,
  validClearing: 3,
  acknowledge: 4,
  flags: 5,
  initiator: 6,
} as const;

/** Of parameter 3: each bit set keeps the boot flags valid through one thing that would clear them. */
export const validClearing = bits({
  reserved: 3,
  pef: 1,
  timeout: 1,
  watchdog: 1,
  pushButton: 1,
  powerUp: 1,
});

/** Of parameter 5. */
export const bootFlags = struct({
  first: bits({ valid: 1, persistent: 1, efi: 1, reserved: 5 }),
  second: bits({ clearCmos: 1, lockKeyboard: 1, device: 4, blankScreen: 1, lockReset: 1 }),
  more: struct({ verbosity: u8, overrides: u8, instance: u8 }),
});

/** Of `second.device`. */
export const bootDeviceCodes = {
  none: 0x0,
  pxe: 0x1,
  disk: 0x2,
  diskSafeMode: 0x3,
  diagnosticPartition: 0x4,
  cdrom: 0x5,
  bios: 0x6,
  remoteFloppy: 0x7,
  remoteCdrom: 0x8,
  remoteMedia: 0x9,
  remoteDisk: 0xb,
  floppy: 0xf,
} as const;

// §28.12
export const setBootOptions = command({
  name: "Set System Boot Options",
  netFn: netFns.chassis,
  code: 0x08,
  request: struct({ parameter: bits({ invalid: 1, number: 7 }), data: rest }),
  response: empty,
  completions: {
    0x80: "the BMC does not have this parameter",
    0x81: "another console is setting boot options",
    0x82: "the parameter can only be read",
  },
  temporary: [0x81],
});

// §28.13
export const getBootOptions = command({
  name: "Get System Boot Options",
  netFn: netFns.chassis,
  code: 0x09,
  request: struct({ parameter: u8, set: u8, block: u8 }),
  response: struct({ version: u8, parameter: bits({ invalid: 1, number: 7 }), data: rest }),
  completions: { 0x80: "the BMC does not have this parameter" },
});
