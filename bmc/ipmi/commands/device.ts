// Who the BMC is. IPMI 2.0 §20 and §22.14.
import { bits } from "../../../wire/bits.ts";
import { bytes, rest } from "../../../wire/bytes.ts";
import { u8, u16le, u24le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { command, empty, netFns } from "../command.ts";

// §20.1. `supports` says which commands are worth asking.
export const getDeviceId = command({
  name: "Get Device ID",
  netFn: netFns.app,
  code: 0x01,
  request: empty,
  response: struct({
    id: u8,
    revision: bits({ providesSdrs: 1, reserved: 3, revision: 4 }),
    firmwareMajor: bits({ updating: 1, major: 7 }),
    firmwareMinorBcd: u8,
    ipmiVersion: bits({ minor: 4, major: 4 }),
    supports: bits({
      chassis: 1,
      bridge: 1,
      eventGenerator: 1,
      eventReceiver: 1,
      fru: 1,
      sel: 1,
      sdr: 1,
      sensors: 1,
    }),
    manufacturer: u24le,
    product: u16le,
    // Four bytes or none, says the specification; three, says one BMC.
    auxiliary: rest,
  }),
});

// §20.2
export const coldReset = command({
  name: "Cold Reset",
  netFn: netFns.app,
  code: 0x02,
  request: empty,
  response: empty,
});

// §22.14
export const getSystemGuid = command({
  name: "Get System GUID",
  netFn: netFns.app,
  code: 0x37,
  request: empty,
  response: bytes(16),
});
