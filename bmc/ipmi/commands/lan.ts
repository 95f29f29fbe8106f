// The BMC's network settings. IPMI 2.0 §23.1 and §23.2.
import { ipv4, ipv6, mac } from "../../../wire/addresses.ts";
import { bits } from "../../../wire/bits.ts";
import { rest } from "../../../wire/bytes.ts";
import { u8, u16le } from "../../../wire/integers.ts";
import { oneOfOrNumber } from "../../../wire/one-of.ts";
import { struct } from "../../../wire/struct.ts";
import { command, empty, netFns } from "../command.ts";

/** `source` is where it comes from; what is not `active` answers nobody. */
const ipv6Address = struct({
  set: u8,
  source: bits({ enabled: 1, reserved: 3, type: 4 }),
  address: ipv6,
  prefixLength: u8,
  status: oneOfOrNumber(u8, { active: 0, disabled: 1, pending: 2, failed: 3, deprecated: 4, invalid: 5 }),
});

/** §23.2, table 23-4: the ones that are spoken here, each with its layout. */
export const lanParameters = {
  address: [3, ipv4],
  source: [4, oneOfOrNumber(u8, { unspecified: 0, static: 1, dhcp: 2, bios: 3, other: 4 })],
  mac: [5, mac],
  netmask: [6, ipv4],
  gateway: [12, ipv4],
  vlan: [20, bits({ enabled: 1, reserved: 3, id: 12 }, u16le)],
  /** How many addresses of either kind there may be. */
  ipv6Status: [55, struct({ fixed: u8, learned: u8, support: u8 })],
  ipv6Fixed: [56, ipv6Address],
  ipv6Learned: [59, ipv6Address],
} as const;

// §23.1
export const setLanParameters = command({
  name: "Set LAN Configuration Parameters",
  netFn: netFns.transport,
  code: 0x01,
  request: struct({ channel: u8, parameter: u8, data: rest }),
  response: empty,
  completions: {
    0x80: "the BMC does not have this parameter",
    0x81: "another console is setting LAN parameters",
    0x82: "the parameter can only be read",
  },
  temporary: [0x81],
});

// §23.2
export const getLanParameters = command({
  name: "Get LAN Configuration Parameters",
  netFn: netFns.transport,
  code: 0x02,
  request: struct({
    channel: bits({ revisionOnly: 1, reserved: 3, number: 4 }),
    parameter: u8,
    set: u8,
    block: u8,
  }),
  response: struct({ revision: u8, data: rest }),
  completions: { 0x80: "the BMC does not have this parameter" },
});
