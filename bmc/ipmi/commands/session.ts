// Asked before and around a session.
import { bits } from "../../../wire/bits.ts";
import { bytes, rest } from "../../../wire/bytes.ts";
import { u8, u32le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { command, empty, netFns } from "../command.ts";

/** IPMI 2.0 §6.8, table 6-4. */
export const privilegeLevels = {
  none: 0x0f,
  callback: 1,
  user: 2,
  operator: 3,
  administrator: 4,
  oem: 5,
} as const;

/** Channel 14 is the one that the request comes in by. */
export const presentChannel = 0x0e;

// §22.13
export const getChannelAuthenticationCapabilities = command({
  name: "Get Channel Authentication Capabilities",
  netFn: netFns.app,
  code: 0x38,
  request: struct({ channel: bits({ wantsPlus: 1, reserved: 3, number: 4 }), privilege: u8 }),
  response: struct({
    channel: u8,
    types: bits({ plus: 1, reserved: 1, oem: 1, password: 1, reserved2: 1, md5: 1, md2: 1, none: 1 }),
    status: bits({
      reserved: 2,
      bmcKeySet: 1,
      noPerMessage: 1,
      noUserLevel: 1,
      named: 1,
      nameless: 1,
      anonymous: 1,
    }),
    extended: bits({ reserved: 6, plus: 1, legacy: 1 }),
    oem: bytes(4),
  }),
});

// §22.15. Sixteen bytes of records at a time.
export const getChannelCipherSuites = command({
  name: "Get Channel Cipher Suites",
  netFn: netFns.app,
  code: 0x54,
  request: struct({ channel: u8, payloadType: u8, list: bits({ bySuite: 1, reserved: 1, index: 6 }) }),
  response: struct({ channel: u8, records: rest }),
});

// §22.18
export const setSessionPrivilege = command({
  name: "Set Session Privilege Level",
  netFn: netFns.app,
  code: 0x3b,
  request: u8,
  response: u8,
  completions: {
    0x80: "the user may not have this privilege",
    0x81: "the privilege exceeds the user's or the channel's limit",
    0x82: "user-level authentication cannot be disabled",
  },
});

// §22.19
export const closeSession = command({
  name: "Close Session",
  netFn: netFns.app,
  code: 0x3c,
  request: u32le,
  response: empty,
  completions: { 0x87: "there is no such session" },
});
