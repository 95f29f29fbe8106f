// RMCP and its ASF presence ping. ASF 2.0 §3.2, IPMI 2.0 §13.1.3 and §13.2.

import { bits } from "../../wire/bits.ts";
import { padding, rest } from "../../wire/bytes.ts";
import { literal } from "../../wire/constants.ts";
import { u8, u32 } from "../../wire/integers.ts";
import { oneOf } from "../../wire/one-of.ts";
import { struct } from "../../wire/struct.ts";

export const rmcpPort = 623;

/** Sequence 255: no RMCP acknowledgement wanted, which is what IPMI always says. */
export const rmcp = struct({
  version: literal(u8, 6),
  reserved: padding(1),
  sequence: u8,
  class: oneOf(u8, { asf: 6, ipmi: 7 }),
  payload: rest,
});

const asfIana = 4542;

/** ASF 2.0 §3.2.4. */
export const asf = struct({
  iana: literal(u32, asfIana),
  type: oneOf(u8, { ping: 0x80, pong: 0x40 }),
  tag: u8,
  reserved: padding(1),
  length: u8,
  data: rest,
});

/** ASF 2.0 §3.2.4.3. */
export const pong = struct({
  iana: u32,
  oem: u32,
  entities: bits({ ipmi: 1, reserved: 3, version: 4 }),
  interactions: u8,
  reserved: padding(6),
});

export const pongIana = asfIana;
