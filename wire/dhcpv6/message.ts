// DHCP for IPv6 between a client and its servers (RFC 8415 §8 and §21).
import { ipv6 } from "../addresses.ts";
import { rest } from "../bytes.ts";
import type { ValueOf } from "../codec.ts";
import { domainList } from "../dhcp/domain-list.ts";
import { u8, u16, u24, u32 } from "../integers.ts";
import { list } from "../lists.ts";
import { oneOf } from "../one-of.ts";
import { struct } from "../struct.ts";
import { restText } from "../text.ts";
import { tlv } from "../tlv.ts";

const sizes = { code: u16, size: u16 };

/** §21.13: 0 is success. */
const statusCode = struct({ code: u16, message: restText });

const iaAddress = struct({
  address: ipv6,
  preferredSeconds: u32,
  validSeconds: u32,
  options: tlv({ statusCode: [13, statusCode] }, sizes),
});

/** §21.4: an association of addresses with an interface. A server that lends several is not understood. */
const iaNa = struct({
  id: u32,
  renewSeconds: u32,
  rebindSeconds: u32,
  options: tlv({ iaAddress: [5, iaAddress], statusCode: [13, statusCode] }, sizes),
});

/** Of the options of servers: those that a client asks for by number. */
export const serverOptions = { dnsServers: 23, domainList: 24, timeServers: 31 } as const;

export const dhcpv6Message = struct({
  type: oneOf(u8, {
    ...{ solicit: 1, advertise: 2, request: 3, confirm: 4, renew: 5, rebind: 6, reply: 7, release: 8 },
    ...{ decline: 9, reconfigure: 10, informationRequest: 11 },
  }),
  transactionId: u24,
  options: tlv(
    {
      clientId: [1, rest],
      serverId: [2, rest],
      iaNa: [3, iaNa],
      optionRequest: [6, list(u16)],
      preference: [7, u8],
      /** In hundredths of a second. */
      elapsedTime: [8, u16],
      statusCode: [13, statusCode],
      // RFC 3646
      dnsServers: [serverOptions.dnsServers, list(ipv6)],
      domainList: [serverOptions.domainList, domainList],
      // RFC 4075
      timeServers: [serverOptions.timeServers, list(ipv6)],
    },
    sizes,
  ),
});
export type Dhcpv6Message = ValueOf<typeof dhcpv6Message>;
