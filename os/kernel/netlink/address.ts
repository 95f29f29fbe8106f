// Addresses of interfaces (rtnetlink(7); Linux, include/uapi/linux/if_addr.h).
import { ipv4, ipv6 } from "../../../wire/addresses.ts";
import type { Codec, ValueOf } from "../../../wire/codec.ts";
import { u8, u32le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { cstring } from "../../../wire/text.ts";
import { attributes } from "./attributes.ts";

export const addressMessages = { added: 20, removed: 21, get: 22 } as const;
/** AF_INET and AF_INET6. */
export const families = { ipv4: 2, ipv6: 10 } as const;

/** An address of either family: its size says which. */
export const ipAddress: Codec<string> = {
  decode: (r) => (r.left === 4 ? ipv4 : ipv6).decode(r),
  encode: (w, address) => (address.includes(":") ? ipv6 : ipv4).encode(w, address),
};

export const address = struct({
  family: u8,
  prefixLength: u8,
  flags: u8,
  scope: u8,
  index: u32le,
  attributes: attributes({
    address: [1, ipAddress],
    /** The interface's own address; differs from `address` on point-to-point links. */
    local: [2, ipAddress],
    label: [3, cstring],
    broadcast: [4, ipAddress],
    /** Of the route to the network that comes with the address. */
    priority: [9, u32le],
  }),
});

export type Address = ValueOf<typeof address>;
