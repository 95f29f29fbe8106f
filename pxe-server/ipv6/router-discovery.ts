// IPv6 router discovery (RFC 4861 §4.1, §4.2), as far as firmware needs it: who asks for a router, and the answer that
// there is none.
import { mac } from "../../wire/addresses.ts";
import { decode } from "../../wire/codec.ts";

const solicitation = 133;
const advertisement = 134;
const headerBytes = 8;
const sourceLinkLayerAddress = 1;

/** The MAC that a router solicitation names; undefined for any other packet, and for one that names none. */
export function solicitorOf(packet: Uint8Array): string | undefined {
  if (packet[0] !== solicitation || packet[1] !== 0) return undefined;
  for (let at = headerBytes; at + 2 <= packet.length; ) {
    const [type, eights = 0] = packet.subarray(at, at + 2);
    // §4.6: of no length, and it would be read for ever.
    if (eights === 0) return undefined;
    const value = packet.subarray(at + 2, at + eights * 8);
    if (type === sourceLinkLayerAddress && value.length === 6) return decode(mac, value);
    at += eights * 8;
  }
  return undefined;
}

/**
 * No default router (lifetime 0), no prefix, no DHCPv6 (flags M and O clear); hop limit and timers unspecified. A host
 * that already knows a router learns nothing from it. The kernel fills in the checksum.
 */
export const noRouter: Uint8Array = Uint8Array.of(advertisement, 0, ...new Uint8Array(14));
