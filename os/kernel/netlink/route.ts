// Routes (rtnetlink(7); Linux, include/uapi/linux/rtnetlink.h).
import type { ValueOf } from "../../../wire/codec.ts";
import { u8, u32le } from "../../../wire/integers.ts";
import { oneOfOrNumber } from "../../../wire/one-of.ts";
import { struct } from "../../../wire/struct.ts";
import { ipAddress } from "./address.ts";
import { attributes } from "./attributes.ts";

export const routeMessages = { added: 24, removed: 25, get: 26 } as const;

export const route = struct({
  family: u8,
  destinationLength: u8,
  sourceLength: u8,
  tos: u8,
  table: oneOfOrNumber(u8, { main: 254, local: 255 }),
  protocol: oneOfOrNumber(u8, { kernel: 2, boot: 3, static: 4, routerAdvertisement: 9, dhcp: 16 }),
  scope: oneOfOrNumber(u8, { universe: 0, link: 253, host: 254 }),
  type: oneOfOrNumber(u8, { unicast: 1, local: 2, broadcast: 3, multicast: 5, blackhole: 6, unreachable: 7 }),
  flags: u32le,
  attributes: attributes({
    destination: [1, ipAddress],
    outInterface: [4, u32le],
    gateway: [5, ipAddress],
    priority: [6, u32le],
    preferredSource: [7, ipAddress],
    metrics: [8, attributes({ mtu: [2, u32le] })],
    /** Counts, if there is one: tables above 255 do not fit into the header. */
    table: [15, u32le],
  }),
});

export type Route = ValueOf<typeof route>;
