// Rules that say which table a packet's route is looked for in (ip-rule(8); Linux, include/uapi/linux/fib_rules.h).
import { padding } from "../../../wire/bytes.ts";
import type { ValueOf } from "../../../wire/codec.ts";
import { u8, u32le } from "../../../wire/integers.ts";
import { oneOf } from "../../../wire/one-of.ts";
import { struct } from "../../../wire/struct.ts";
import { cstring } from "../../../wire/text.ts";
import { ipAddress } from "./address.ts";
import { attributes } from "./attributes.ts";

export const ruleMessages = { added: 32, removed: 33 } as const;

export const rule = struct({
  family: u8,
  destinationLength: u8,
  sourceLength: u8,
  tos: u8,
  table: u8,
  gap: padding(2),
  action: oneOf(u8, { unicast: 1, blackhole: 6, unreachable: 7, prohibit: 8 }),
  flags: u32le,
  attributes: attributes({
    destination: [1, ipAddress],
    source: [2, ipAddress],
    inInterface: [3, cstring],
    priority: [6, u32le],
    firewallMark: [10, u32le],
    /** Counts: tables above 255 do not fit into the header. */
    table: [15, u32le],
    firewallMask: [16, u32le],
    outInterface: [17, cstring],
  }),
});
export type Rule = ValueOf<typeof rule>;
