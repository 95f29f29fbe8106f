// Channels: which one is the LAN. IPMI 2.0 §22.22 to §22.24.
import { bits } from "../../../wire/bits.ts";
import { bytes } from "../../../wire/bytes.ts";
import { u8 } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { command, empty, netFns } from "../command.ts";

/** §6.5, table 6-3. */
export const lanMedium = 0x04;

// §22.24
export const getChannelInfo = command({
  name: "Get Channel Info",
  netFn: netFns.app,
  code: 0x42,
  request: u8,
  response: struct({
    channel: u8,
    medium: u8,
    protocol: u8,
    sessions: bits({ support: 2, active: 6 }),
    vendor: bytes(3),
    auxiliary: bytes(2),
  }),
});

/** Of `change` and `scope`: what is kept for the next start, and what holds now. */
export const accessScopes = { stored: 1, present: 2 } as const;
/** Of `mode`. §6.6 */
export const accessModes = { disabled: 0, preBoot: 1, always: 2, shared: 3 } as const;

/** `alerting` and the two after it say "disabled" when set. */
const access = bits({ change: 2, alerting: 1, perMessage: 1, userLevel: 1, mode: 3 });
const limit = bits({ change: 2, reserved: 2, privilege: 4 });

// §22.22
export const setChannelAccess = command({
  name: "Set Channel Access",
  netFn: netFns.app,
  code: 0x40,
  request: struct({ channel: u8, access, limit }),
  response: empty,
});

// §22.23
export const getChannelAccess = command({
  name: "Get Channel Access",
  netFn: netFns.app,
  code: 0x41,
  request: struct({ channel: u8, which: bits({ scope: 2, reserved: 6 }) }),
  response: struct({ access, limit }),
});
