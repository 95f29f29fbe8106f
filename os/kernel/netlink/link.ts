// Network interfaces (rtnetlink(7); Linux, include/uapi/linux/if_link.h).

import { padding, rest } from "../../../wire/bytes.ts";
import type { ValueOf } from "../../../wire/codec.ts";
import { i32le, u8, u16le, u32le } from "../../../wire/integers.ts";
import { oneOfOrNumber } from "../../../wire/one-of.ts";
import { struct } from "../../../wire/struct.ts";
import { cstring } from "../../../wire/text.ts";
import { attributes } from "./attributes.ts";

/** `changed` as a request makes a link. */
export const linkMessages = { changed: 16, removed: 17, get: 18, set: 19 } as const;

/** net/if.h */
export const linkFlags = { up: 1, running: 0x40, multicast: 0x1000, lowerUp: 0x10000 } as const;

/** RFC 2863's names, as the kernel numbers them. */
const operationalStates = {
  unknown: 0,
  notPresent: 1,
  down: 2,
  lowerLayerDown: 3,
  testing: 4,
  dormant: 5,
  up: 6,
} as const;

export const link = struct({
  family: u8,
  gap: padding(1),
  /** ARPHRD: 1 is Ethernet, 772 the loopback. */
  hardware: u16le,
  index: i32le,
  flags: u32le,
  /** Which of the flags a request changes. */
  change: u32le,
  attributes: attributes({
    address: [1, rest],
    name: [3, cstring],
    mtu: [4, u32le],
    link: [5, i32le],
    master: [10, i32le],
    operationalState: [16, oneOfOrNumber(u8, operationalStates)],
    linkInfo: [
      18,
      attributes({
        kind: [1, cstring],
        /** As link-kinds.ts tells for the kind. */
        data: [2, rest],
        slaveKind: [4, cstring],
      }),
    ],
    /** Not ended by a zero. */
    alias: [20, rest],
    carrier: [33, u8],
    permanentAddress: [54, rest],
  }),
});

export type Link = ValueOf<typeof link>;
