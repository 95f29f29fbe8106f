// The BMC's users. IPMI 2.0 §22.26 to §22.30.
import { bits } from "../../../wire/bits.ts";
import { rest } from "../../../wire/bytes.ts";
import { u8 } from "../../../wire/integers.ts";
import { optional } from "../../../wire/optional.ts";
import { struct } from "../../../wire/struct.ts";
import { text } from "../../../wire/text.ts";
import { command, empty, netFns } from "../command.ts";

// §22.26. Session limit: zero for none.
export const setUserAccess = command({
  name: "Set User Access",
  netFn: netFns.app,
  code: 0x43,
  request: struct({
    access: bits({ changes: 1, callbackOnly: 1, linkAuthentication: 1, messaging: 1, channel: 4 }),
    user: u8,
    privilege: u8,
    sessionLimit: optional(u8),
  }),
  response: empty,
});

// §22.27. `enabled`: 1 by Set User Password, 2 not; 0 where a BMC does not tell.
export const getUserAccess = command({
  name: "Get User Access",
  netFn: netFns.app,
  code: 0x44,
  request: struct({ channel: u8, user: u8 }),
  response: struct({
    slots: u8,
    enabled: bits({ state: 2, count: 6 }),
    fixedNames: u8,
    access: bits({ reserved: 1, callbackOnly: 1, linkAuthentication: 1, messaging: 1, privilege: 4 }),
  }),
});

// §22.28
export const setUserName = command({
  name: "Set User Name",
  netFn: netFns.app,
  code: 0x45,
  request: struct({ user: u8, name: text(16) }),
  response: empty,
});

// §22.29
export const getUserName = command({
  name: "Get User Name",
  netFn: netFns.app,
  code: 0x46,
  request: u8,
  response: text(16),
});

export const passwordOperations = { disable: 0, enable: 1, set: 2, test: 3 } as const;
/** Longer ones are cut short by some BMCs and refused by others. */
export const passwordBytes = 20;

// §22.30. Passwords of 20 bytes, as IPMI 2.0 has them; of IPMI 1.5's 16 none is ever written.
export const setUserPassword = command({
  name: "Set User Password",
  netFn: netFns.app,
  code: 0x47,
  request: struct({ user: bits({ twentyBytes: 1, reserved: 1, id: 6 }), operation: u8, password: rest }),
  response: empty,
  completions: { 0x80: "the password is another", 0x81: "the password has another length" },
});
