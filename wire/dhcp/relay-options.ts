import { ipv4 } from "../addresses.ts";
import { rest } from "../bytes.ts";
import { restText } from "../text.ts";
import { tlv } from "../tlv.ts";

/** Option 82, RFC 3046 §2.0. Unlike other encapsulated options it has neither pad nor end. */
export const relayOptions = tlv({
  circuitId: [1, rest],
  remoteId: [2, rest],
  /** RFC 3527: the subnet to choose an address from, when giaddr is not in it. */
  linkSelection: [5, ipv4],
  /** RFC 3993. */
  subscriberId: [6, restText],
  /** RFC 5107: what the client shall believe to be its server. */
  serverIdentifierOverride: [11, ipv4],
});
