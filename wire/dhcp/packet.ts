import { ipv4, mac } from "../addresses.ts";
import { bits } from "../bits.ts";
import { padding } from "../bytes.ts";
import type { Codec, ValueOf } from "../codec.ts";
import { literal } from "../constants.ts";
import { u8, u16, u32 } from "../integers.ts";
import { oneOf } from "../one-of.ts";
import { mapped } from "../refine.ts";
import { struct } from "../struct.ts";
import { text } from "../text.ts";
import { decodeOptions, encodeOptions, type OptionArea } from "./option-area.ts";

const broadcast: Codec<boolean> = mapped(bits({ broadcast: 1, reserved: 15 }), {
  decode: ({ broadcast }) => broadcast === 1,
  encode: (broadcast) => ({ broadcast: broadcast ? 1 : 0, reserved: 0 }),
});

/** RFC 2131 §2, figure 1. */
const header = struct({
  op: oneOf(u8, { request: 1, reply: 2 }),
  hardwareType: u8,
  hardwareLength: u8,
  hops: u8,
  transactionId: u32,
  seconds: u16,
  broadcast,
  clientAddress: ipv4,
  yourAddress: ipv4,
  serverAddress: ipv4,
  relayAddress: ipv4,
  /** The first six bytes of chaddr: an address only if `hardwareType` is 1 and `hardwareLength` 6. */
  mac,
  hardwareAddressRest: padding(10),
  serverName: text(64),
  file: text(128),
  cookie: literal(u32, 0x63825363),
});

/** RFC 951 packets are this long; some relays and clients drop a reply that is shorter. */
const smallestPacket = 300;

/**
 * A DHCP packet. Options in the fields of BOOTP and values in pieces (RFC 3396) are found wherever they are. An option
 * that the table cannot read goes to `malformed` and the rest of the packet stands: field firmware sends such
 * options, and a machine shall not fail to boot for a time zone.
 */
export type Packet = ValueOf<typeof header> & OptionArea;

export const packet: Codec<Packet> = {
  decode(r) {
    const start = r.offset;
    const fields = header.decode(r);
    const { overloaded, ...area } = decodeOptions(r, start);
    if (overloaded.file) fields.file = "";
    if (overloaded.serverName) fields.serverName = "";
    return { ...fields, ...area };
  },
  encode(w, value) {
    const start = w.offset;
    header.encode(w, value);
    try {
      encodeOptions(w, value);
    } catch (thrown) {
      throw w.blame(thrown).inside("options");
    }
    const missing = smallestPacket - (w.offset - start);
    if (missing > 0) padding(missing).encode(w);
  },
};
